//! One differing property, and the two other answers a comparison gives: hidden and unverified.

use serde::{Deserialize, Serialize};

use crate::safety::{Masked, Tainted};

/// Where in a resource a property stands.
///
/// Grammar: keys joined by `.`; a list position is `[3]`, an element found by its identity is `[name=web]` (several keys:
/// `[port=80,protocol=TCP]`), an element of a set is `[=value]`. A key that holds any of `.[]=,"` or is empty is written as a
/// JSON string in brackets: `tags["a.b"]`. Inside a JSON document kept in a string the path goes on with `.` as if the
/// document stood there. At most 500 bytes; a longer one is cut at the end and closed with `…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct PropertyPath(pub Tainted);

impl PropertyPath {
    /// The raw text; tainted, because keys come from outside.
    pub fn raw(&self) -> &str {
        self.0.raw()
    }
}

impl From<String> for PropertyPath {
    fn from(s: String) -> Self {
        Self(Tainted::from(s))
    }
}

impl From<&str> for PropertyPath {
    fn from(s: &str) -> Self {
        Self(Tainted::from(s))
    }
}

/// What happened to a property, seen from the code: `added` stands live only, `removed` is declared only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeType {
    /// Declared and live differ.
    Modified,
    /// Live only.
    Added,
    /// Declared only.
    Removed,
}

impl ChangeType {
    /// The sign shown beside the colour.
    pub fn sign(self) -> char {
        match self {
            Self::Modified => '~',
            Self::Added => '+',
            Self::Removed => '-',
        }
    }
}

/// One differing property, masked.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Change {
    pub path: PropertyPath,
    pub change_type: ChangeType,
    /// Absent for `added`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Masked>,
    /// Absent for `removed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Masked>,
    #[serde(default)]
    pub is_security_critical: bool,
    /// Found by memory: the code is silent about it, or it was seen live before and is gone. When it was seen in sync, with
    /// the old value; where the code is silent, `declared` is that value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remembered_at: Option<jiff::Timestamp>,
}

/// Columns of a value in a sentence.
const IN_SENTENCE: usize = 40;

impl Change {
    /// What memory has to do with it: `not in the code; was "a" when seen in sync 2026-11-20 02:41`. Safe to show.
    pub fn memory(&self, clock: impl Fn(jiff::Timestamp) -> String) -> Option<String> {
        let at = clock(self.remembered_at?);
        let was = match (self.change_type, &self.declared) {
            (ChangeType::Removed, _) => "was there".to_owned(),
            (_, None) => "not in the code; was absent".to_owned(),
            (_, Some(old)) => format!("not in the code; was {}", old.inline(IN_SENTENCE)),
        };
        Some(format!("{was} when seen in sync {at}"))
    }
}

/// A difference that a named rule explains away. Never lost: shown on demand.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Hidden {
    pub path: PropertyPath,
    /// Id of the rule (`set-order`, `json-in-string`, …) or `ignore:<rule id>`.
    pub rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Masked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Masked>,
}

/// Why something could not be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnverifiedReason {
    /// The reader was refused (403 and the like).
    Denied,
    /// The reader was slowed down and gave up.
    Throttled,
    /// The value can be written but not read back.
    WriteOnly,
    /// The reader of this source does not return the property or the type.
    NotObservable,
    /// No reader knows the type.
    Unsupported,
    /// Absent live, and never seen there before.
    NeverSeen,
    /// The source of the resource failed or is incomplete.
    SourceFailed,
    /// A reference that is known only after apply.
    Unresolved,
}

impl UnverifiedReason {
    /// Every reason, in the order reports name them.
    pub const ALL: [Self; 8] = [
        Self::Denied,
        Self::Throttled,
        Self::WriteOnly,
        Self::NotObservable,
        Self::Unsupported,
        Self::NeverSeen,
        Self::SourceFailed,
        Self::Unresolved,
    ];

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::WriteOnly => "write-only",
            Self::NotObservable => "not observable",
            Self::Unsupported => "unsupported",
            Self::NeverSeen => "never seen",
            Self::SourceFailed => "source failed",
            Self::Unresolved => "known after apply",
        }
    }
}

/// A property (or a whole resource, when `path` is `None`) that could not be compared.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Unverified {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PropertyPath>,
    pub reason: UnverifiedReason,
    /// One sentence for people, empty when the reason says it all.
    #[serde(default)]
    pub detail: Tainted,
}
