//! What other systems tell that may have to do with a drift: a commit, a ticket, an alert, each with how long before or after.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OperationalContext, Score};
use crate::safety::Tainted;

/// What kind of thing it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorrelationType {
    GitCommit,
    IncidentTicket,
    MonitoringAlert,
}

impl CorrelationType {
    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::GitCommit => "commit",
            Self::IncidentTicket => "ticket",
            Self::MonitoringAlert => "alert",
        }
    }

    /// What its id is called.
    pub fn id_words(self) -> &'static str {
        match self {
            Self::GitCommit => "commit's id",
            Self::IncidentTicket => "ticket's id",
            Self::MonitoringAlert => "alert's id",
        }
    }
}

/// What is known of it there. Nobody's address is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct CorrelationData {
    /// The subject of a commit, the title of a ticket; without secrets.
    pub title: Tainted,
    /// Where it touched: `net/main.tf:12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Tainted>,
    pub at: Timestamp,
    /// Where to read on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Tainted>,
}

/// One of them, beside one drift.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct CorrelationEvent {
    pub correlation_type: CorrelationType,
    /// What the other system calls it: the short hash of a commit.
    pub external_id: Tainted,
    /// `git`, `jira`, `servicenow`, `prometheus`
    pub external_system: Tainted,
    pub event_data: CorrelationData,
    /// How near it is, in [0,1].
    pub correlation_score: Score,
    /// Seconds after the drift came to be; before it: negative. 0: between the scan that did not see it and the one that did.
    pub temporal_offset: i64,
}

impl CorrelationEvent {
    /// It was made of this mark.
    pub fn is_of(&self, mark: &OperationalContext) -> bool {
        let is_mark = self.correlation_type != CorrelationType::GitCommit;
        is_mark && self.external_id == mark.name() && self.event_data.title == mark.context_data.title
    }

    /// `-12m`, `+3h`, `±0`: how long before or after.
    pub fn offset(&self) -> String {
        let seconds = self.temporal_offset.unsigned_abs();
        let (number, unit) = match seconds {
            0 => return "±0".to_owned(),
            1..60 => (seconds, 's'),
            60..3_600 => (seconds / 60, 'm'),
            3_600..172_800 => (seconds / 3_600, 'h'),
            _ => (seconds / 86_400, 'd'),
        };
        let sign = if self.temporal_offset < 0 { '-' } else { '+' };
        format!("{sign}{number}{unit}")
    }

    /// The same in words: `12m before`, `3h after`, `meanwhile`.
    pub fn when(&self) -> String {
        let offset = self.offset();
        match self.temporal_offset {
            0 => "meanwhile".to_owned(),
            i64::MIN..0 => format!("{} before", offset.trim_start_matches('-')),
            _ => format!("{} after", offset.trim_start_matches('+')),
        }
    }

    /// A line for people: `-12m  a1b2c3d "open the port"  main.tf:4  (git)`.
    pub fn line(&self) -> String {
        let place = self.event_data.place.as_ref().map_or(String::new(), |place| format!("  {}", place.line()));
        format!(
            "{}  {} \"{}\"{place}  ({})",
            self.offset(),
            self.external_id.cell(20),
            self.event_data.title.cell(80),
            self.external_system.cell(20)
        )
    }
}

/// Of what lies so far away: 0.95 at once, half of that after a day, a tenth after nine.
pub fn nearness(offset: i64) -> Score {
    let days = offset.unsigned_abs() as f64 / 86_400.0;
    Score::new(0.95 / (1.0 + days)).unwrap_or(Score::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_has_a_sign_and_one_unit_and_what_is_nearer_counts_more() {
        let offset = |temporal_offset| {
            let event_data =
                CorrelationData { title: "x\u{1b}[31m".into(), place: None, at: Timestamp::UNIX_EPOCH, link: None };
            CorrelationEvent {
                correlation_type: CorrelationType::GitCommit,
                external_id: "a1b2c3d".into(),
                external_system: "git".into(),
                event_data,
                correlation_score: nearness(temporal_offset),
                temporal_offset,
            }
        };
        let said = [-720, 10_800, 0, -45, 200_000, -7_200].map(|seconds| offset(seconds).offset());
        assert_eq!(said, ["-12m", "+3h", "±0", "-45s", "+2d", "-2h"]);
        assert_eq!((offset(-720).when(), offset(0).when()), ("12m before".to_owned(), "meanwhile".to_owned()));
        assert!(!offset(1).line().contains('\u{1b}'), "what a commit says stays text");
        let scores = [0, -3_600, 86_400, -604_800].map(nearness);
        assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
    }
}
