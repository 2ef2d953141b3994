//! Notifications: that somebody should know, who knows by now, and what became of telling them elsewhere.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::ids::ulid_id;
use super::{DriftEvent, DriftId, DriftType, SeverityClass, Slug};
use crate::safety::Tainted;

ulid_id!(
    /// One notification.
    NotificationId
);
ulid_id!(
    /// One notification on its way to one channel: the same however often it is tried.
    DeliveryId
);

/// What kind of news it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// One drift.
    Alert,
    /// Several at once.
    Summary,
    /// Somebody has to decide who has not.
    Escalation,
    /// More happens somewhere than is usual there.
    Anomaly,
}

impl NotificationKind {
    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Summary => "summary",
            Self::Escalation => "escalation",
            Self::Anomaly => "anomaly",
        }
    }
}

/// The drift it is about, as it was.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct NotifiedDrift {
    pub id: DriftId,
    pub drift_type: DriftType,
    pub resource_type: Tainted,
    pub resource_id: Tainted,
    /// How often it had come back by then: each time is told once.
    pub regressions: u32,
}

/// How far it is on its way to one channel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Not tried yet.
    Pending,
    /// The receiver has it.
    Sent,
    /// Tried, and to be tried again.
    Failed,
    /// Given up.
    Dead,
}

/// Its way to one channel.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Delivery {
    /// NotifiedDrift to the receiver, who thereby knows one that comes twice. Another one when it is sent anew.
    pub id: DeliveryId,
    pub channel: Slug,
    pub state: DeliveryState,
    pub tries: u32,
    /// When it was sent, or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Of what failed or was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Tainted>,
    /// When it is tried next; while it is being tried: when somebody else does if nothing comes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_at: Option<Timestamp>,
}

impl Delivery {
    /// To be tried from `now` on.
    pub fn new(channel: Slug, now: Timestamp) -> Self {
        let (id, state) = (DeliveryId::generate(), DeliveryState::Pending);
        Self { id, channel, state, tries: 0, at: None, why: None, again_at: Some(now) }
    }
}

/// Who has read it.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Reading {
    pub who: Tainted,
    pub at: Timestamp,
}

/// One of them.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Notification {
    /// Later ones sort later.
    pub id: NotificationId,
    pub kind: NotificationKind,
    pub environment: Slug,
    /// None of one that is about several.
    #[serde(default)]
    pub drift: Option<NotifiedDrift>,
    /// One line of at most 500 characters.
    pub subject: Tainted,
    pub message: Tainted,
    pub priority: SeverityClass,
    pub created_at: Timestamp,
    /// One a channel that was there for it.
    #[serde(default)]
    pub deliveries: Vec<Delivery>,
    #[serde(default)]
    pub read_by: Vec<Reading>,
}

/// Which of them, newest first.
#[derive(Clone, PartialEq, Debug)]
pub struct NotificationRequest {
    /// Only what this one has not read.
    pub unread_by: Option<Tainted>,
    /// Those before or after it.
    pub cursor: Option<NotificationId>,
    /// Towards newer ones; the nearest of them.
    pub back: bool,
    pub limit: usize,
}

impl NotificationRequest {
    /// The newest of all.
    pub fn newest(limit: usize) -> Self {
        Self { unread_by: None, cursor: None, back: false, limit }
    }
}

/// Characters of a subject.
const SUBJECT: usize = 500;
/// Changed properties that are named.
const NAMED: usize = 5;

impl Notification {
    fn new(kind: NotificationKind, environment: Slug, priority: SeverityClass, now: Timestamp) -> Self {
        Self {
            id: NotificationId::generate(),
            kind,
            environment,
            drift: None,
            subject: Tainted::default(),
            message: Tainted::default(),
            priority,
            created_at: now,
            deliveries: vec![],
            read_by: vec![],
        }
    }

    /// That a drift opened, or opened again. No value of a property is in it.
    pub fn of_drift(event: &DriftEvent, now: Timestamp) -> Self {
        let class = event.severity_class();
        let (kind, id) = (event.resource.resource_type.raw(), event.resource.resource_id.raw());
        let again = if event.is_regressed() { "has come back" } else { "has drifted" };
        let subject =
            format!("{} in {}: {id} {again} ({})", class.as_str(), event.environment, event.drift_type.as_str());
        let mut message = format!("{kind} {id} {again} in {}: {}.", event.environment, changed(event));
        let cause = &event.analysis.cause.cause_category;
        if *cause != super::Cause::Unknown {
            message.push_str(&format!(" Likely cause: {}.", cause.as_str()));
        }
        let told = NotifiedDrift {
            id: event.id,
            drift_type: event.drift_type,
            resource_type: event.resource.resource_type.clone(),
            resource_id: event.resource.resource_id.clone(),
            regressions: event.regressions,
        };
        Self {
            drift: Some(told),
            subject: cut(&subject).into(),
            message: message.into(),
            ..Self::new(NotificationKind::Alert, event.environment.clone(), class, now)
        }
    }

    /// That one scan found more than are told one by one.
    pub fn of_many(environment: &Slug, count: u64, worst: SeverityClass, now: Timestamp) -> Self {
        let mut all = Self::new(NotificationKind::Summary, environment.clone(), worst, now);
        all.recount(count, worst);
        all
    }

    /// That more happens in an environment than is usual there. `worst`: of what happened.
    pub fn of_anomaly(environment: &Slug, says: &Tainted, worst: SeverityClass, now: Timestamp) -> Self {
        let says = says.raw();
        Self {
            subject: cut(&format!("unusual in {environment}: {says}")).into(),
            message: format!(
                "More happens in {environment} than is usual there: {says}. Counted are incidents, which may be of many drifts \
                 each; see them with the query env:{environment} @-1d."
            )
            .into(),
            ..Self::new(NotificationKind::Anomaly, environment.clone(), worst, now)
        }
    }

    /// Now they are so many.
    pub fn recount(&mut self, count: u64, worst: SeverityClass) {
        self.priority = self.priority.max(worst);
        let (class, environment) = (self.priority.as_str(), &self.environment);
        self.subject = format!("{class} in {environment}: one scan found {count} more drifts").into();
        self.message = format!(
            "One scan of {environment} found {count} drifts beside those that are told one by one, the worst of them \
             {class}: see them all with the query env:{environment} state:open."
        )
        .into();
    }

    /// Whether this one has read it.
    pub fn is_read_by(&self, who: &Tainted) -> bool {
        self.read_by.iter().any(|reading| reading.who == *who)
    }
}

/// Which properties, without their values.
fn changed(event: &DriftEvent) -> String {
    match event.drift_type {
        DriftType::Deleted => return "it is declared, and gone".to_owned(),
        DriftType::Added => return "it is there, and in no declared source".to_owned(),
        DriftType::Modified | DriftType::Moved => {}
    }
    let mut names: Vec<&str> = event.changes.iter().take(NAMED).map(|change| change.path.raw()).collect();
    let more = format!("{} more", event.changes.len().saturating_sub(NAMED));
    if event.changes.len() > NAMED {
        names.push(&more);
    }
    match names.split_last() {
        None => "its address changed".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

fn cut(subject: &str) -> String {
    match subject.char_indices().nth(SUBJECT) {
        None => subject.to_owned(),
        Some(_) => subject.chars().take(SUBJECT - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_never_longer_than_a_channel_takes() {
        assert_eq!(cut("short"), "short");
        let long = cut(&"ä".repeat(600));
        assert!(long.chars().count() == SUBJECT && long.ends_with('…'));
    }

    #[test]
    fn a_summary_says_how_many_and_keeps_the_worst() {
        let (prod, now) = (Slug::from_text("prod"), Timestamp::UNIX_EPOCH);
        let mut all = Notification::of_many(&prod, 1, SeverityClass::Critical, now);
        all.recount(41, SeverityClass::High);
        assert_eq!((all.priority, all.kind), (SeverityClass::Critical, NotificationKind::Summary));
        assert!(all.subject.raw().contains("41 more drifts"), "{all:?}");
    }
}
