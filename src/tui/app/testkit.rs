//! The core without a terminal and without time: keys in, screen out. Every effect is settled before a key returns, so that
//! tests read as what a person does. Screenshots are made with it too.

use std::io;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::runtime::Runtime;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::action::Action;
use super::{Effect, Model, Msg, update};
use crate::service::{DriftService, ServiceEvent};
use crate::tui::panes::Drawn;
use crate::tui::runtime::{self, Clock, perform};
use crate::tui::{Options, keymap, panes, sample};

/// Options for a world that stands still: the default keys unless others are given, the clock of the sample, UTC.
pub fn options(options: Options) -> Options {
    let unset = options.keymap.bindings().next().is_none();
    Options {
        keymap: if unset { keymap::builtin("default").unwrap_or_default() } else { options.keymap },
        actor: if options.actor.is_empty() { "alice".into() } else { options.actor },
        clock: Clock(sample::now),
        utc: true,
        ..options
    }
}

/// The screens over a service.
pub struct Screens {
    pub model: Model,
    service: Arc<dyn DriftService>,
    events: Receiver<ServiceEvent>,
    runtime: Runtime,
    /// What the runtime would have done, besides asking the service.
    pub effects: Vec<Effect>,
    holding: bool,
    held: Vec<Effect>,
}

impl Screens {
    /// Connected and loaded.
    pub fn open(service: Arc<dyn DriftService>, options: Options, size: (u16, u16)) -> io::Result<Self> {
        let mut screens = Self::connecting(service, options, size)?;
        screens.connect();
        Ok(screens)
    }

    /// As at the first frame, before the service is there.
    pub fn connecting(service: Arc<dyn DriftService>, options: Options, size: (u16, u16)) -> io::Result<Self> {
        crate::tui::widgets::highlight::warm();
        let model = Model::new(options, sample::now(), size);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let events = service.subscribe();
        Ok(Self { model, service, events, runtime, effects: vec![], holding: false, held: vec![] })
    }

    pub fn connect(&mut self) {
        let service = &self.service;
        let msg = Msg::Connected { mode: service.mode(), read_only: service.read_only(), as_of: service.as_of() };
        let told = runtime::at_first(service.as_ref());
        self.send(msg);
        told.into_iter().for_each(|msg| self.send(msg));
    }

    /// One message and all that follows from it.
    pub fn send(&mut self, msg: Msg) {
        let mut effects: Vec<Effect> = update(&mut self.model, msg);
        loop {
            for effect in std::mem::take(&mut effects) {
                effects.extend(self.settle(effect));
            }
            match self.events.try_recv() {
                Ok(event) => effects.extend(update(&mut self.model, Msg::Service(event))),
                Err(TryRecvError::Lagged(_)) => effects.extend(update(&mut self.model, Msg::Lagged)),
                Err(TryRecvError::Empty | TryRecvError::Closed) if effects.is_empty() => return,
                Err(_) => {}
            }
        }
    }

    fn settle(&mut self, effect: Effect) -> Vec<Effect> {
        let asks = matches!(
            effect,
            Effect::LoadEnvironments(_)
                | Effect::LoadPage(..)
                | Effect::LoadDetail(..)
                | Effect::LoadGroups(..)
                | Effect::LoadJump(..)
                | Effect::LoadMatching(..)
                | Effect::LoadPeople
                | Effect::TriageMany(_)
                | Effect::Remediate(..)
                | Effect::Triage(..)
                | Effect::LoadRules(_)
                | Effect::PreviewRule(..)
                | Effect::PreviewNeverHide(..)
                | Effect::ChangeRule(..)
                | Effect::ChangeNeverHide(..)
                | Effect::FindEnvironments(..)
                | Effect::AddEnvironment(..)
                | Effect::LoadUntold(..)
                | Effect::LoadIncident(..)
                | Effect::LoadHeat(..)
                | Effect::LoadAsOf(..)
                | Effect::CompareObserved(..)
                | Effect::LoadResource(..)
                | Effect::AskWho(..)
                | Effect::LoadModels(_)
                | Effect::ActivateModel(..)
                | Effect::LoadNarrative(..)
                | Effect::PrepareQuestion(..)
                | Effect::LoadHome(_)
                | Effect::LoadBusiness(_)
                | Effect::AskGemini(..)
                | Effect::Analyse(_)
                | Effect::LoadHistory(..)
                | Effect::Export(_)
                | Effect::PutContext(..)
                | Effect::EndContext(..)
                | Effect::SettleWaiting(..)
                | Effect::LoadLooking
                | Effect::Scan(_)
                | Effect::CancelScan(_)
        );
        if !asks {
            self.effects.push(effect);
            return vec![];
        }
        if self.holding {
            self.held.push(effect);
            return vec![];
        }
        let answer = self.runtime.block_on(perform(self.service.as_ref(), effect));
        let then = runtime::aftermath(self.service.as_ref(), &answer);
        let answers = [Some(answer), then].into_iter().flatten();
        answers.flat_map(|answer| update(&mut self.model, answer)).collect()
    }

    /// From now on the service does not answer.
    pub fn hold(&mut self) {
        self.holding = true;
    }

    /// What was asked meanwhile is answered.
    pub fn release(&mut self) {
        self.holding = false;
        for effect in std::mem::take(&mut self.held) {
            let answer = self.runtime.block_on(perform(self.service.as_ref(), effect));
            self.send(answer);
        }
    }

    /// What the service has been asked and has not answered.
    pub fn held(&self) -> &[Effect] {
        &self.held
    }

    /// Takes in what the service said by itself.
    pub fn listen(&mut self) {
        let now = self.model.now;
        self.send(Msg::Clock(now));
    }

    /// Presses keys: `j j enter ctrl-p`.
    pub fn keys(&mut self, keys: &str) {
        keys.split_whitespace().for_each(|key| self.send(Msg::Key(event(key))));
    }

    /// Types text.
    pub fn text(&mut self, text: &str) {
        text.chars().for_each(|c| self.send(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))));
    }

    /// Does an action by name, through its first key.
    pub fn act(&mut self, name: &str) {
        let keys = Action::named(name)
            .map(|action| self.model.keymap().keys_for(action.entry().scope.as_str(), name))
            .unwrap_or_default();
        if let Some(chord) = keys.first() {
            self.keys(chord);
        }
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.send(Msg::Resize(columns, rows));
    }

    pub fn at(&mut self, now: Timestamp) {
        self.send(Msg::Clock(now));
    }

    /// The frame.
    pub fn buffer(&self) -> Buffer {
        self.draw().0
    }

    pub fn draw(&self) -> (Buffer, Drawn) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.model.size.0, self.model.size.1));
        let drawn = panes::draw(&self.model, &mut buffer);
        (buffer, drawn)
    }

    /// The frame as text, without the spaces at the ends of lines.
    pub fn screen(&self) -> String {
        let buffer = self.buffer();
        let row = |y: u16| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..buffer.area.height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }
}

/// A key by name; what is no name is its first character.
fn event(name: &str) -> KeyEvent {
    let (modifiers, rest) = match name.split_once('-') {
        Some(("ctrl", rest)) if !rest.is_empty() => (KeyModifiers::CONTROL, rest),
        Some(("alt", rest)) if !rest.is_empty() => (KeyModifiers::ALT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match rest {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "shift-tab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pageup" => KeyCode::PageUp,
        "pagedown" => KeyCode::PageDown,
        other => match other.strip_prefix('f').and_then(|number| number.parse().ok()) {
            Some(number) => KeyCode::F(number),
            None => KeyCode::Char(other.chars().next().unwrap_or(' ')),
        },
    };
    KeyEvent::new(code, modifiers)
}
