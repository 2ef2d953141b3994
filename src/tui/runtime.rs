//! The only loop, and the only awaits: drain what has come, update, run effects, draw once if anything changed. Nothing that
//! takes time happens here; idle, it sleeps until a message comes or something on the screen grows older.

mod finds;
mod hearing;
mod incident;
mod keeper;
mod perform;
pub mod session;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::app::msg::Copied;
use super::app::session::Session;
use super::app::{Effect, Model, Msg, update};
use super::term::{Screen, TermError};
use super::widgets::highlight;
use super::{Exit, Options, panes};
use crate::drift::DriftId;
use crate::service::{DriftService, Looker, ServiceEvent};

use finds::Shelf;
use keeper::Keeper;
pub use perform::{aftermath, perform};

/// Why the screens ended before their time.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Terminal(#[from] TermError),
    /// The service did not come up; its own words.
    #[error("{0}")]
    Connect(String),
}

/// What time it is; tests set their own.
#[derive(Clone, Copy, Debug)]
pub struct Clock(pub fn() -> Timestamp);

impl Default for Clock {
    fn default() -> Self {
        Self(Timestamp::now)
    }
}

/// What frames go to.
pub trait Surface {
    /// Columns, rows.
    fn size(&self) -> (u16, u16);
    /// Whether the last frame is out.
    fn ready(&self) -> bool;
    /// Waits until a frame is out.
    fn written(&self) -> impl Future<Output = ()>;
    /// Shows a frame; the buffer it leaves may be drawn on again.
    fn show(&mut self, frame: &mut Buffer, cursor: Option<Position>) -> io::Result<()>;
    /// The next frame is drawn from nothing.
    fn forget(&mut self);
    /// Takes the terminal again after the shell had it.
    fn retake(&mut self) -> io::Result<()>;
    /// Gives the terminal back and stops until continued.
    fn suspend(&mut self);
    fn bell(&mut self);
    /// Words for the window's title, where there is one.
    fn title(&mut self, _words: &str) {}
    /// Hands a text to the clipboard; it is called `what`.
    fn copy(&mut self, what: &'static str, text: &str) -> Copied;
}

/// Frames come no faster than this in a storm of messages; the first after a pause comes at once.
const FRAME: Duration = Duration::from_millis(16);
/// Events of the service taken per frame.
const BATCH: usize = 1000;
/// A preview is asked for when nothing was typed for so long.
const TYPING: Duration = Duration::from_millis(150);
/// What is looked at is told when the cursor has rested for so long.
const RESTED: Duration = Duration::from_secs(1);
/// Groups that are there already are counted again no more often.
const COUNTED: Duration = Duration::from_secs(1);
/// How long decisions on their way may take once the end has come.
const GRACE: Duration = Duration::from_millis(800);

/// Opens the screens, connects behind the first frame, and runs until somebody or something ends it. Awaited on one thread
/// (`block_on`), not spawned: the thread that calls it is the one whose panic gives the terminal back.
pub async fn run(
    connect: impl Future<Output = Result<Arc<dyn DriftService>, String>> + Send + 'static,
    options: Options,
) -> Result<Exit, RunError> {
    let (send, inbox) = mpsc::unbounded_channel();
    let screen = Screen::open(&send, options.mouse, options.auto_theme)?;
    drive(connect, options, screen, send, inbox).await
}

/// [`run`] on any surface; `inbox` gets what keys, signals and the terminal say.
pub async fn drive(
    connect: impl Future<Output = Result<Arc<dyn DriftService>, String>> + Send + 'static,
    options: Options,
    surface: impl Surface,
    send: UnboundedSender<Msg>,
    inbox: UnboundedReceiver<Msg>,
) -> Result<Exit, RunError> {
    let (events_in, events) = mpsc::channel(BATCH);
    let clock = options.clock;
    hearing::of_configuration(options.reconfigured.clone(), send.clone());
    hearing::of_tries(options.trying.clone(), send.clone());
    let keeper = Keeper::start(options.drafts.clone(), &options.actor, send.clone());
    let session_file = options.session_file.clone();
    let shelf = Shelf::start(options.views.clone(), options.history.clone(), send.clone());
    let model = Model::new(options, (clock.0)(), surface.size());
    let buffer = Buffer::empty(Rect::default());
    let connecting = tokio::spawn(connect);
    let decisions = JoinSet::new();
    // The grammar takes a while to load; the first frames do without its colours.
    let ready = send.clone();
    tokio::task::spawn_blocking(move || {
        highlight::warm();
        let _ = ready.send(Msg::Highlighted);
    });
    Loop {
        model,
        surface,
        clock,
        buffer,
        send,
        events_in,
        decisions,
        keeper,
        session_file,
        shelf,
        preview: None,
        look: None,
        screen: ulid::Ulid::generate(),
        jump: None,
        service: None,
        dirty: true,
        wake: None,
    }
    .run(connecting, inbox, events)
    .await
}

struct Loop<S> {
    model: Model,
    surface: S,
    clock: Clock,
    buffer: Buffer,
    send: UnboundedSender<Msg>,
    events_in: Sender<Msg>,
    /// Decisions on their way.
    decisions: JoinSet<()>,
    keeper: Keeper,
    session_file: Option<PathBuf>,
    shelf: Shelf,
    /// The preview that was asked for last.
    preview: Option<tokio::task::AbortHandle>,
    /// What is being told of what is looked at.
    look: Option<tokio::task::AbortHandle>,
    /// Names this screen among those of the same person.
    screen: ulid::Ulid,
    /// What the palette asked for last.
    jump: Option<tokio::task::AbortHandle>,
    service: Option<Arc<dyn DriftService>>,
    /// The model has changed since the last frame.
    dirty: bool,
    /// When the frame grows old.
    wake: Option<Timestamp>,
}

type Connecting = tokio::task::JoinHandle<Result<Arc<dyn DriftService>, String>>;

impl<S: Surface> Loop<S> {
    async fn run(
        mut self,
        mut connecting: Connecting,
        mut inbox: UnboundedReceiver<Msg>,
        mut events: Receiver<Msg>,
    ) -> Result<Exit, RunError> {
        let mut next_frame = Instant::now();
        loop {
            if self.dirty && self.surface.ready() && Instant::now() >= next_frame {
                self.draw()?;
                next_frame = Instant::now() + FRAME;
            }
            let old = self.until_old();
            let mut batch = vec![];
            tokio::select! {
                biased;
                Some(msg) = inbox.recv() => batch.push(msg),
                answer = &mut connecting, if self.service.is_none() => batch.push(self.connected(answer)?),
                Some(msg) = events.recv() => batch.push(msg),
                () = self.surface.written(), if self.dirty => {}
                () = tokio::time::sleep_until(next_frame), if self.dirty && self.surface.ready() => {}
                () = tokio::time::sleep(old.unwrap_or_default()), if old.is_some() && !self.dirty => self.dirty = true,
            }
            while let Ok(msg) = inbox.try_recv() {
                batch.push(msg);
            }
            while let Some(msg) = (batch.len() < BATCH).then(|| events.try_recv().ok()).flatten() {
                batch.push(msg);
            }
            if let Some(exit) = self.take(batch)? {
                // Written at once: what may take long comes after.
                (self.keeper, self.shelf) = (Keeper::default(), Shelf::default());
                self.keep_session();
                // What was decided is saved before the end, unless it takes too long; then the journal says what was.
                let _ =
                    tokio::time::timeout(GRACE, async { while self.decisions.join_next().await.is_some() {} }).await;
                return Ok(exit);
            }
        }
    }

    /// Only looks are lost when it cannot be written.
    fn keep_session(&self) {
        let Some(path) = &self.session_file else { return };
        if let Err(error) = session::save(path, &Session::of(&self.model)) {
            tracing::warn!(path = %path.display(), %error, "the session could not be kept");
        }
    }

    fn until_old(&self) -> Option<Duration> {
        let left = self.wake?.duration_since((self.clock.0)());
        Some(Duration::try_from(left).unwrap_or_default())
    }

    fn take(&mut self, batch: Vec<Msg>) -> Result<Option<Exit>, RunError> {
        // What only waited for its time is asked for now.
        let clock = (!batch.is_empty() || self.dirty).then(|| Msg::Clock((self.clock.0)()));
        self.dirty |= !batch.is_empty();
        let mut end = None;
        for msg in clock.into_iter().chain(batch) {
            for effect in update(&mut self.model, msg) {
                // The first exit counts, but what was decided before it is still sent.
                end = end.or(self.run_effect(effect)?);
            }
        }
        while self.decisions.try_join_next().is_some() {}
        Ok(end)
    }

    fn draw(&mut self) -> Result<(), RunError> {
        self.buffer.resize(Rect::new(0, 0, self.model.size.0, self.model.size.1));
        let drawn = panes::draw(&self.model, &mut self.buffer);
        self.surface.show(&mut self.buffer, drawn.cursor).map_err(TermError::Io)?;
        (self.dirty, self.wake) = (false, drawn.wake);
        Ok(())
    }

    fn run_effect(&mut self, effect: Effect) -> Result<Option<Exit>, RunError> {
        match effect {
            Effect::Exit(exit) => return Ok(Some(exit)),
            Effect::Redraw => self.surface.forget(),
            Effect::Retake => {
                self.surface.retake().map_err(TermError::Io)?;
                self.surface.forget();
            }
            Effect::Bell => self.surface.bell(),
            Effect::Title(words) => self.surface.title(&words),
            Effect::KeepDrafts(drafts) => self.keeper.keep(drafts),
            Effect::SaveView(name, query) => self.shelf.save_view(name, query),
            Effect::KeepQuery(query) => self.shelf.keep_query(query),
            Effect::LoadFinds => self.shelf.load(),
            Effect::Copy(what, text) => {
                let copied = self.surface.copy(what, &text);
                let _ = self.send.send(Msg::Copied(copied));
            }
            Effect::Suspend => {
                self.surface.suspend();
                let send = self.send.clone();
                // Without job control nothing stops us; then the screens come back by themselves.
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    let _ = send.send(Msg::Resumed);
                });
            }
            Effect::Look(drift) => self.look(drift),
            asking => self.ask(asking),
        }
        Ok(None)
    }

    /// When the cursor has rested a moment. Nobody waits for an answer, and none is kept for later.
    fn look(&mut self, drift: Option<DriftId>) {
        let Some(service) = self.service.clone() else { return };
        let looker = Looker { who: self.model.actor.as_str().into(), screen: self.screen };
        let telling = tokio::spawn(async move {
            tokio::time::sleep(RESTED).await;
            if let Err(error) = service.look(looker, drift).await {
                tracing::debug!(%error, "the others were not told what is looked at");
            }
        });
        let last = self.look.replace(telling.abort_handle());
        last.iter().for_each(tokio::task::AbortHandle::abort);
    }

    /// On a task; the answer comes as a message, also when the task breaks down.
    fn ask(&mut self, effect: Effect) {
        let Some(service) = self.service.clone() else { return };
        let send = self.send.clone();
        let decides = matches!(
            effect,
            Effect::Triage(..)
                | Effect::TriageMany(_)
                | Effect::Remediate(..)
                | Effect::ChangeRule(..)
                | Effect::ChangeNeverHide(..)
                | Effect::AddEnvironment(..)
                | Effect::PutContext(..)
                | Effect::EndContext(..)
                | Effect::SettleWaiting(..)
        );
        let previews = matches!(effect, Effect::PreviewRule(..) | Effect::PreviewNeverHide(..));
        let jumps = matches!(effect, Effect::LoadJump(..));
        let wait = match effect {
            Effect::LoadGroups(.., later) => later.then_some(COUNTED),
            _ => (previews || jumps).then_some(TYPING),
        };
        let asked = async move {
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
            let broken = perform::broken(&effect);
            let asked = Arc::clone(&service);
            let msg = tokio::spawn(async move { perform(asked.as_ref(), effect).await }).await.unwrap_or(broken);
            let then = perform::aftermath(service.as_ref(), &msg);
            [Some(msg), then].into_iter().flatten().for_each(|msg| drop(send.send(msg)));
        };
        if decides {
            self.decisions.spawn(asked);
        } else if previews || jumps {
            let slot = if jumps { &mut self.jump } else { &mut self.preview };
            let last = slot.replace(tokio::spawn(asked).abort_handle());
            last.iter().for_each(tokio::task::AbortHandle::abort);
        } else {
            tokio::spawn(asked);
        }
    }

    fn connected(
        &mut self,
        answer: Result<Result<Arc<dyn DriftService>, String>, tokio::task::JoinError>,
    ) -> Result<Msg, RunError> {
        let service = answer
            .unwrap_or_else(|_| Err("connecting broke down; the log says where".into()))
            .map_err(RunError::Connect)?;
        let mut events = service.subscribe();
        let send = self.events_in.clone();
        tokio::spawn(async move {
            loop {
                let msg = match events.recv().await {
                    Ok(event) => Msg::Service(event),
                    Err(RecvError::Lagged(_)) => Msg::Lagged,
                    Err(RecvError::Closed) => return,
                };
                if send.send(msg).await.is_err() {
                    return;
                }
            }
        });
        let msg = Msg::Connected { mode: service.mode(), read_only: service.read_only(), as_of: service.as_of() };
        at_first(service.as_ref()).into_iter().for_each(|msg| drop(self.send.send(msg)));
        self.service = Some(service);
        Ok(msg)
    }
}

/// What was told before anybody listened.
pub fn at_first(service: &dyn DriftService) -> Vec<Msg> {
    let contact = service.contact().map(|contact| Msg::Service(ServiceEvent::Contact(contact)));
    let waiting = service.waiting();
    let waiting = (!waiting.is_empty()).then(|| Msg::Service(ServiceEvent::Waiting(waiting)));
    let missing = Msg::Missing(service.missing());
    let crewed = Msg::Crewed { is_shared: service.is_shared(), me: service.signs_as(), role: service.role() };
    [Some(missing), contact, Some(crewed), waiting].into_iter().flatten().collect()
}
