//! What can happen to the screens.

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::Timestamp;

use crate::analysis::Blame;
use crate::analysis::narrative::Narrative;
use crate::api::Role;
use crate::config::Found as Offers;
use crate::drift::query::Groups;
use crate::drift::{
    Business, DriftDetail, DriftEvent, Incident, MlModel, NeverHideRule, Remediation, RuleStatus, Slug, UntoldPage, Who,
};
use crate::gemini::{Question, Told};
use crate::safety::Tainted;
use crate::service::{EnvironmentSummary, Looking, Missing, ServiceError, ServiceEvent};
use crate::store::{Matching, Page, Receipt};
use crate::tui::app::drafts::Draft;
use crate::tui::app::finds::Finds;
use crate::tui::app::history::Trail;
use crate::tui::app::home::Home;
use crate::tui::app::incident::Found;
use crate::tui::app::model::Reach;
use crate::tui::app::models::Registry;
use crate::tui::app::resource::ResourceFacts;
use crate::tui::app::sheet::SheetBody;
use crate::tui::term::clipboard::Through;
use crate::tui::widgets::diff::Views;
use crate::tui::{Options, Trying};

/// Names one question. An answer with a ticket nobody waits for any more is dropped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ticket(pub u64);

/// A drift with its diff, built off the loop.
#[derive(Clone)]
pub struct Loaded {
    pub detail: DriftDetail,
    pub view: Arc<Views>,
    /// Who changed what, as far as it is known.
    pub blame: Vec<Blame>,
}

/// What was handed to the clipboard.
#[derive(Clone, PartialEq, Debug)]
pub struct Copied {
    /// `address`, `revert command`, …
    pub what: &'static str,
    /// Bytes of the text, and whether that is less than all.
    pub bytes: usize,
    pub cut: bool,
    pub through: Through,
}

/// One thing that happened.
pub enum Msg {
    /// What time it is; comes before every batch.
    Clock(Timestamp),
    Key(KeyEvent),
    /// Only where the mouse was turned on.
    Mouse(MouseEvent),
    /// The terminal's background, as it answered: red, green, blue.
    Background([u8; 3]),
    /// One paste, as it came.
    Paste(String),
    /// Columns, rows.
    Resize(u16, u16),
    /// The service is there.
    Connected {
        mode: String,
        read_only: Option<String>,
        as_of: Option<Timestamp>,
    },
    /// A decision was refused: why nothing can be decided any more, if that is so.
    ReadOnly(Option<String>),
    /// Nobody has answered yet.
    Trying(Trying),
    /// Whether others may be there, and who we are to them.
    Crewed {
        is_shared: bool,
        me: Option<Tainted>,
        /// What the server lets us do; `None` without one.
        role: Option<Role>,
    },
    /// Who looks at what.
    Looking(Result<Vec<Looking>, ServiceError>),
    Service(ServiceEvent),
    /// What the server does not know yet.
    Missing(Missing),
    /// Events were lost: load again.
    Lagged,
    Environments(Ticket, Result<Vec<EnvironmentSummary>, ServiceError>),
    Page(Ticket, Result<Page, ServiceError>),
    Groups(Ticket, Result<Groups, ServiceError>),
    /// Resources for the palette.
    Jump(Ticket, Result<Page, ServiceError>),
    Detail(Ticket, Result<Box<Loaded>, ServiceError>),
    Triaged(Ticket, Result<Receipt, ServiceError>),
    TriagedMany(Vec<(Ticket, Result<Receipt, ServiceError>)>),
    Remediated(Ticket, Result<Box<Remediation>, ServiceError>),
    People(Result<Vec<Tainted>, ServiceError>),
    Rules(Ticket, Result<(Vec<RuleStatus>, Vec<NeverHideRule>), ServiceError>),
    Preview(Ticket, Result<Reach, ServiceError>),
    RuleChanged(Ticket, Result<Receipt, ServiceError>),
    /// Environments that the code here offers.
    Offers(Ticket, Offers),
    /// One of them is in the configuration, or why it is not; sanitised.
    Added(Ticket, Result<Slug, String>),
    Untold(Ticket, Result<UntoldPage, ServiceError>),
    Incident(Ticket, Result<Box<Found>, ServiceError>),
    Sheet(Ticket, Result<Box<SheetBody>, ServiceError>),
    Resource(Ticket, Result<Box<ResourceFacts>, ServiceError>),
    Who(Ticket, Result<Box<Who>, ServiceError>),
    Models(Ticket, Result<Box<Registry>, ServiceError>),
    ModelActivated(Ticket, Result<Box<MlModel>, ServiceError>),
    Narrative(Ticket, Result<Box<Narrative>, ServiceError>),
    /// How things stand.
    Home(Ticket, Result<Box<Home>, ServiceError>),
    Heat(Ticket, Result<Box<Incident>, ServiceError>),
    Business(Ticket, Result<Box<Business>, ServiceError>),
    /// What would be sent to Gemini.
    Question(Ticket, Result<Box<Question>, ServiceError>),
    /// What Gemini answered, or why it did not; `None`: it was not waited for.
    Answered(Ticket, Result<Box<Told>, Option<String>>),
    History(Ticket, Result<Trail, ServiceError>),
    /// A drift was analysed anew; it comes as news, too.
    Analysed(Result<Box<DriftEvent>, ServiceError>),
    /// A mark was set or ended, in words; or why not.
    Marked(Result<String, ServiceError>),
    /// The review is written: where it is, or why it is not; sanitised.
    Exported(Result<String, String>),
    /// The answer to asking for a scan or its end.
    Asked(Result<(), ServiceError>),
    Matching(Ticket, Result<Matching, ServiceError>),
    Copied(Copied),
    /// SIGTERM, SIGHUP or SIGINT by number.
    Signal(i32),
    /// The terminal hung up.
    TerminalGone,
    /// No more keys will come.
    InputEnded,
    /// What earlier sessions left typed and not saved.
    Drafts(Vec<Draft>),
    /// Views and history as earlier sessions left them, and sentences about what is wrong with them.
    Finds(Finds, Vec<String>),
    /// Another configuration is in force: how the screens are to be.
    Configured(Arc<Options>),
    /// Colours of the diff are ready.
    Highlighted,
    /// Back from the shell.
    Resumed,
    /// A task behind the screens broke down; the sentence is ours.
    Broken(String),
}
