//! What the timeline shows.

use jiff::Timestamp;

use crate::drift::{DriftEvent, SeverityClass, Slug, State};
use crate::store::DriftFilter;

/// Which states.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Shown {
    /// Open and acknowledged.
    #[default]
    Open,
    /// Snoozed and ignored.
    Aside,
    /// Resolved and closed.
    Ended,
    All,
}

impl Shown {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open drift",
            Self::Aside => "set aside (snoozed, ignored)",
            Self::Ended => "ended (resolved, closed)",
            Self::All => "drift in any state",
        }
    }

    pub fn next(self) -> Self {
        match self {
            Self::Open => Self::Aside,
            Self::Aside => Self::Ended,
            Self::Ended => Self::All,
            Self::All => Self::Open,
        }
    }

    fn states(self) -> &'static [State] {
        match self {
            Self::Open => &[State::Open, State::Acknowledged],
            Self::Aside => &[State::Snoozed, State::Ignored],
            Self::Ended => &[State::Resolved, State::Closed],
            Self::All => &[],
        }
    }
}

/// The filter as a person sets it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// `None`: all.
    pub environment: Option<Slug>,
    pub shown: Shown,
    /// This class and worse; `None`: all.
    pub floor: Option<SeverityClass>,
    /// Words, all of which must be found.
    pub text: String,
}

impl Filter {
    /// For the service.
    pub fn request(&self) -> DriftFilter {
        let severities = self
            .floor
            .map_or(vec![], |floor| SeverityClass::WORST_FIRST.into_iter().filter(|class| *class >= floor).collect());
        DriftFilter {
            environments: self.environment.iter().cloned().collect(),
            severities,
            states: self.shown.states().to_vec(),
            text: self.text.trim().to_owned(),
            ..DriftFilter::default()
        }
    }

    /// The same question for a drift that arrives by itself.
    pub fn matches(&self, event: &DriftEvent, now: Timestamp) -> bool {
        let states = self.shown.states();
        self.environment.as_ref().is_none_or(|slug| *slug == event.environment)
            && (states.is_empty() || states.contains(&event.state_at(now)))
            && self.floor.is_none_or(|floor| event.severity_class() >= floor)
            && self.text_matches(event)
    }

    fn text_matches(&self, event: &DriftEvent) -> bool {
        let words = self.text.to_lowercase();
        if words.trim().is_empty() {
            return true;
        }
        let resource = &event.resource;
        let mut hay = format!("{}\n{}", resource.resource_type.raw(), resource.resource_id.raw());
        for more in resource.provider_id.iter().map(|id| id.raw()).chain(event.changes.iter().map(|c| c.path.raw())) {
            hay.push('\n');
            hay.push_str(more);
        }
        let hay = hay.to_lowercase();
        words.split_whitespace().all(|word| hay.contains(word))
    }

    /// Next step of the severity filter: all, CRITICAL, HIGH and worse, MEDIUM and worse.
    pub fn cycle_severity(&mut self) {
        self.floor = match self.floor {
            None => Some(SeverityClass::Critical),
            Some(SeverityClass::Critical) => Some(SeverityClass::High),
            Some(SeverityClass::High) => Some(SeverityClass::Medium),
            Some(_) => None,
        };
    }

    /// Something beyond environment and open ones is set.
    pub fn is_narrowed(&self) -> bool {
        self.floor.is_some() || !self.text.is_empty() || self.shown != Shown::Open
    }

    /// Back to the open ones of the environment.
    pub fn clear(&mut self) {
        *self = Self { environment: self.environment.take(), ..Self::default() };
    }
}
