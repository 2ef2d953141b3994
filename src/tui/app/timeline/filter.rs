//! What the timeline shows.

use jiff::Timestamp;

use crate::drift::query::{Group, GroupKey, Query, QueryError, Viewer};
use crate::drift::{DriftEvent, RuleId, SeverityClass, Slug, State};
use crate::store::DriftFilter;

/// Which states.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
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
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    /// `None`: all.
    pub environment: Option<Slug>,
    pub shown: Shown,
    /// This class and worse; `None`: all.
    pub floor: Option<SeverityClass>,
    /// The query as it was typed, and what it says.
    text: String,
    query: Query,
    /// The group whose members are listed, where the query groups.
    pub member: Option<GroupKey>,
    /// Who asks.
    pub me: String,
    /// Only what this ignore rule hides, whatever else is set; with its patterns, for people.
    pub rule: Option<(RuleId, String)>,
}

/// What a rule hides is hidden wholly (ignored) or in part.
const OF_A_RULE: &[State] = &[State::Open, State::Acknowledged, State::Snoozed, State::Ignored];

impl Filter {
    /// For the service.
    pub fn request(&self) -> DriftFilter {
        let severities = self
            .floor
            .map_or(vec![], |floor| SeverityClass::WORST_FIRST.into_iter().filter(|class| *class >= floor).collect());
        DriftFilter {
            environments: self.environment.iter().cloned().collect(),
            severities,
            states: self.states().to_vec(),
            query: self.query.clone(),
            me: self.me.clone(),
            member: self.member,
            rule: self.rule.as_ref().map(|(id, _)| *id),
            ..DriftFilter::default()
        }
    }

    /// The query as it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn query(&self) -> &Query {
        &self.query
    }

    /// What makes several drifts one row.
    pub fn group(&self) -> Option<Group> {
        self.query.group
    }

    /// It asks for what is in an incident, or out of one: which drifts those are only the service knows.
    pub fn asks_of_incidents(&self) -> bool {
        self.member.is_some_and(|member| member.by == Group::Incident) || self.query.incidents().next().is_some()
    }

    /// The same question, whichever group is open.
    pub fn of_any_group(&self) -> Self {
        Self { member: None, ..self.clone() }
    }

    /// Takes a query as it is typed. After a mistake the last one stays in force.
    ///
    /// # Errors
    /// As [`Query::parse`].
    pub fn ask(&mut self, text: &str, now: Timestamp, zone: &jiff::tz::TimeZone) -> Result<(), QueryError> {
        self.query = Query::parse(text, now, zone)?;
        text.trim().clone_into(&mut self.text);
        self.member = self.member.filter(|group| Some(group.by) == self.query.group);
        Ok(())
    }

    /// The same question for a drift that arrives by itself, as far as it can be told here: what is in an incident may be.
    pub fn matches(&self, event: &DriftEvent, now: Timestamp) -> bool {
        let states = self.states();
        // Which rule hides it is not known here.
        let may_be_of_rule = event.state_at(now) == State::Ignored || event.hidden_count > 0;
        (self.rule.is_none() || may_be_of_rule)
            && self.environment.as_ref().is_none_or(|slug| *slug == event.environment)
            && (states.is_empty() || states.contains(&event.state_at(now)))
            && self.floor.is_none_or(|floor| event.severity_class() >= floor)
            && self.member.is_none_or(|group| group.holds(event))
            && self.query.matches(event, Viewer { now, me: &self.me, incidents: None })
    }

    /// A query that names states has the last word about them.
    fn states(&self) -> &'static [State] {
        match (&self.rule, self.query.names_states()) {
            (Some(_), _) => OF_A_RULE,
            (None, true) => &[],
            (None, false) => self.shown.states(),
        }
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
        self.floor.is_some() || !self.text.is_empty() || self.shown != Shown::Open || self.rule.is_some()
    }

    /// Back to the open ones of the environment.
    pub fn clear(&mut self) {
        *self = Self { environment: self.environment.take(), me: std::mem::take(&mut self.me), ..Self::default() };
    }
}
