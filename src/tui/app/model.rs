//! All that the screens know. Owned by one loop; changed only by [`update`](super::update()).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::action::Action;
use super::alarm::Alarm;
use super::crew::Crew;
pub use super::decided::{Batch, Decided, On, Pending};
use super::detail::Detail;
use super::drafts::Drafts;
use super::finds::Finds;
use super::heat::HeatView;
use super::history::HistoryView;
use super::home::HomeView;
use super::incident::IncidentView;
use super::models::ModelsView;
use super::msg::{Loaded, Ticket};
use super::narrative::NarrativeView;
use super::news::News;
use super::notice::Notices;
use super::offers::OffersView;
use super::overlay::{Overlay, Target};
use super::question::{GeminiState, QuestionView};
use super::remediation::Asking;
use super::resource::ResourceView;
pub use super::rules::Rules;
use super::sheet::Sheet;
use super::timeline::Timeline;
use super::untold::UntoldList;
use super::update::jump::Departure;
use super::update::repeat::Repeat;
use super::waiting::WaitingList;
use super::who::WhoView;
use crate::api::Role;
use crate::config::Adding;
use crate::drift::{Change, DriftEvent, DriftId, NeverHideReach, RuleReach, Slug, State};
use crate::service::{Contact, EnvironmentSummary, Missing, RequireReason};
use crate::tui::keymap::{KeyPress, Keymap};
use crate::tui::theme::Theme;
use crate::tui::widgets::diff::DiffView;
use crate::tui::{Configured, Options};

/// The four panes, in tab order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pane {
    Environments,
    #[default]
    Timeline,
    Diff,
    Recommendations,
}

impl Pane {
    pub const ALL: [Self; 4] = [Self::Environments, Self::Timeline, Self::Diff, Self::Recommendations];
}

/// The service below.
#[derive(Clone, PartialEq, Debug)]
pub enum Link {
    Connecting,
    Up { mode: String, read_only: Option<String>, as_of: Option<Timestamp> },
}

/// The environments pane. The cursor is what the timeline is filtered by; `None` is all of them.
#[derive(Default)]
pub struct Environments {
    pub list: Vec<EnvironmentSummary>,
    pub cursor: Option<Slug>,
    pub loading: Option<Ticket>,
    /// Something happened since they were asked for.
    pub stale: bool,
    pub error: Option<String>,
}

/// What the rule in a form would hide.
#[derive(Default)]
pub struct Preview {
    /// The patterns it was asked for.
    pub about: Vec<String>,
    /// On its way; what stands below is about older patterns.
    pub asked: Option<Ticket>,
    pub answer: Option<Result<Reach, String>>,
    /// Something happened since it was asked for.
    pub stale: bool,
}

/// What a rule would do now.
#[derive(Clone, PartialEq, Debug)]
pub enum Reach {
    Hides(RuleReach),
    Exposes(NeverHideReach),
}

/// The state of the screens.
pub struct Model {
    pub now: Timestamp,
    /// Columns, rows.
    pub size: (u16, u16),
    pub zone: TimeZone,
    pub link: Link,
    /// Why nobody has answered yet.
    pub trying: Option<String>,
    /// How it stands with the server; `None` without one.
    pub contact: Option<Contact>,
    /// Decisions the server does not have yet.
    pub waiting: WaitingList,
    /// Drifts that changed while something was being decided: version and state.
    pub moved: BTreeMap<DriftId, (u64, State)>,
    /// The others.
    pub crew: Crew,
    /// What the server does not know.
    pub missing: Missing,
    /// What the server lets us do; `None` without one.
    pub role: Option<Role>,
    /// Whoever asked for something may approve it himself, where nobody else is.
    pub approve_own: bool,
    /// Leave that was asked for or given, and has no answer yet.
    pub asking: Option<Asking>,
    pub actor: String,
    /// Why nothing may be decided, as the command line or configuration says.
    read_only: Option<String>,
    pub protected: BTreeSet<Slug>,
    pub alarm: Alarm,
    pub themes: Vec<Theme>,
    pub theme: usize,
    /// Nobody has chosen: the terminal's background decides.
    pub auto_theme: bool,
    /// What the configuration says.
    pub configured: Configured,
    /// Times are shown in UTC.
    pub utc: bool,
    /// Names the store, so that the next session on it begins where this one ended.
    pub world: Option<String>,
    /// The drift to select once it is listed.
    pub returns_to: Option<DriftId>,
    /// Where one was before a jump.
    pub departure: Option<Departure>,
    /// Somebody has moved or chosen: the cursor is where it is on purpose.
    pub is_touched: bool,
    /// The tutorial need not come by itself.
    pub tutored: bool,
    pub keymaps: Vec<(String, Keymap)>,
    pub keymap: usize,
    pub environments: Environments,
    pub timeline: Timeline,
    pub detail: Detail,
    pub focus: Pane,
    pub zoom: bool,
    pub overlay: Option<Overlay>,
    pub notices: Notices,
    pub news: News,
    /// The start of a chord.
    pub typed: Vec<KeyPress>,
    pub marks: BTreeMap<DriftId, Target>,
    /// Where a range of marks begins.
    pub anchor: Option<DriftId>,
    /// The marks are those of a group that is being decided about.
    pub lent: bool,
    pub pending: BTreeMap<DriftId, Pending>,
    pub batches: BTreeMap<Ticket, Batch>,
    pub decided: Vec<Decided>,
    /// What the last decision was, to do it again.
    pub repeat: Option<Repeat>,
    pub require_reason: RequireReason,
    /// Who may be asked, as configured.
    pub people: Vec<String>,
    /// Who decided or was asked before, the most recent first.
    pub remembered_people: Vec<String>,
    pub drafts: Drafts,
    pub finds: Finds,
    /// Drifts on their way, and what is to be done with them: those of a group, or all that pass the filter.
    pub gathering: Option<(Ticket, Action)>,
    pub rules: Rules,
    pub preview: Preview,
    /// What was hidden in the environment that was last looked at for that.
    pub untold: Option<UntoldList>,
    /// How environments get into the configuration; `None`: it does not say what is scanned here.
    pub adding: Option<Arc<Adding>>,
    pub offers: Option<OffersView>,
    pub incident: Option<IncidentView>,
    pub resource: Option<ResourceView>,
    pub history: Option<HistoryView>,
    pub who: Option<WhoView>,
    pub models: ModelsView,
    pub narrative: Option<NarrativeView>,
    pub home: HomeView,
    pub heat: HeatView,
    pub question: Option<QuestionView>,
    pub gemini: GeminiState,
    pub sheet: Option<Sheet>,
    /// Quit as soon as the last decision is saved.
    pub leaving: bool,
    tickets: u64,
}

impl Model {
    /// Before anything is known.
    pub fn new(options: Options, now: Timestamp, size: (u16, u16)) -> Self {
        let mut notices = Notices::default();
        options.notices.iter().for_each(|text| notices.add(now, false, text.clone()));
        let mut model = Self {
            now,
            size,
            zone: if options.utc { TimeZone::UTC } else { TimeZone::system() },
            link: Link::Connecting,
            trying: None,
            contact: None,
            waiting: WaitingList::default(),
            moved: BTreeMap::new(),
            crew: Crew::new(options.presence, now),
            missing: Missing::default(),
            role: None,
            approve_own: options.approve_own,
            asking: None,
            actor: options.actor,
            read_only: options.read_only,
            protected: options.protected,
            alarm: Alarm { bell: options.bell, title: options.title, muted: options.muted, ..Alarm::default() },
            themes: themes(options.theme, options.themes),
            theme: 0,
            auto_theme: options.auto_theme,
            configured: options.configured,
            utc: options.utc,
            world: options.world,
            returns_to: None,
            departure: None,
            is_touched: false,
            tutored: !options.tutorial,
            keymaps: keymaps(options.keymap, options.keymaps),
            keymap: 0,
            environments: Environments::default(),
            timeline: Timeline::default(),
            detail: Detail::default(),
            focus: Pane::Timeline,
            zoom: false,
            overlay: None,
            notices,
            news: News::default(),
            typed: vec![],
            marks: BTreeMap::new(),
            anchor: None,
            lent: false,
            pending: BTreeMap::new(),
            batches: BTreeMap::new(),
            decided: vec![],
            repeat: None,
            require_reason: options.require_reason,
            people: options.people,
            remembered_people: vec![],
            drafts: Drafts::default(),
            finds: Finds::default(),
            gathering: None,
            rules: Rules::default(),
            preview: Preview::default(),
            untold: None,
            adding: options.adding,
            offers: None,
            incident: None,
            resource: None,
            history: None,
            who: None,
            models: ModelsView::default(),
            narrative: None,
            home: HomeView::default(),
            heat: HeatView::default(),
            question: None,
            gemini: GeminiState { spec: options.gemini, off: options.gemini_off, ..GeminiState::default() },
            sheet: None,
            leaving: false,
            tickets: 0,
        };
        model.resume(options.session, options.tutorial);
        model.timeline.filter.me.clone_from(&model.actor);
        super::update::fit(&mut model);
        model
    }

    /// As the last session left it; before the first one comes the tutorial.
    fn resume(&mut self, session: Option<super::session::Session>, tutorial: bool) {
        if let Some(session) = session {
            session.restore(self);
        }
        if tutorial && !self.tutored {
            self.overlay = Some(Overlay::Tutorial(0));
            (self.focus, self.zoom) = (Pane::Environments, false);
        }
    }

    pub fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    pub fn connected(&self) -> bool {
        matches!(self.link, Link::Up { .. })
    }

    /// Why nothing may be decided.
    pub fn read_only(&self) -> Option<&str> {
        let service = if let Link::Up { read_only, .. } = &self.link { read_only.as_deref() } else { None };
        service.or(self.read_only.as_deref())
    }

    /// The first scans fill the list and nobody has touched it: its cursor stays at the top, whatever comes in first.
    pub fn is_filling(&self) -> bool {
        !self.is_touched && self.environments.list.iter().any(|row| row.last_scan.is_none())
    }

    /// Decisions that are not saved yet.
    pub fn saving(&self) -> usize {
        self.pending.len() + usize::from(self.rules.pending.is_some()) + usize::from(self.asking.is_some())
    }

    pub fn theme(&self) -> &Theme {
        &self.themes[self.theme]
    }

    pub fn keymap(&self) -> &Keymap {
        &self.keymaps[self.keymap].1
    }

    /// What a decision would be about: the marked drifts, else the selected one.
    pub fn targets(&self) -> Vec<Target> {
        if self.marks.is_empty() {
            return self.timeline.selected().map(|event| self.target(event)).into_iter().collect();
        }
        self.marks.values().cloned().collect()
    }

    /// A drift as it stands now.
    pub fn target(&self, event: &DriftEvent) -> Target {
        Target::of(event, self.now)
    }

    /// The change under the diff's cursor.
    pub fn selected_change(&self) -> Option<&Change> {
        self.timeline.selected()?.changes.get(self.detail.change)
    }

    /// Bodies of the selected drift, when they have come.
    pub fn loaded(&self) -> Option<&Loaded> {
        let id = self.timeline.selected_id()?;
        self.detail.loaded.as_ref().filter(|loaded| loaded.detail.event.id == id)
    }

    /// The two bodies of the selected drift, in the notation chosen.
    pub fn diff(&self) -> Option<&DiffView> {
        self.loaded().map(|loaded| loaded.view.get(self.detail.syntax, &loaded.detail))
    }

    /// Answers what a person did: only an error is news. A sentence of our own, or sanitised already.
    pub fn notice(&mut self, error: bool, text: impl Into<String>) {
        self.notices.reply(self.now, error, text.into());
    }
}

pub(super) fn themes(first: Theme, more: Vec<Theme>) -> Vec<Theme> {
    let rest: Vec<_> = more.into_iter().filter(|theme| theme.name() != first.name()).collect();
    std::iter::once(first).chain(rest).collect()
}

/// The chosen one may be merged with the user's own; what it is called does not matter to anybody.
pub(super) fn keymaps(first: Keymap, more: Vec<(String, Keymap)>) -> Vec<(String, Keymap)> {
    std::iter::once(("chosen at start".into(), first)).chain(more).collect()
}
