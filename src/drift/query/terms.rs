//! What a query may ask about, as one table; completion, errors and help read it.

use std::fmt;

use jiff::SignedDuration;

use super::parse::quoted;
use super::pattern::Pattern;
use super::window::spelled;
use crate::drift::{Cause, DriftType, IncidentName, ResolutionType, SeverityClass, State};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $word:literal $help:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every one with its word and a few words about it.
            pub const ALL: &'static [(Self, &'static str, &'static str)] = &[$((Self::$variant, $word, $help),)*];

            /// The word in a query.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().find(|(_, name, _)| name.eq_ignore_ascii_case(word)).map(|(one, ..)| *one)
            }
        }
    };
}

words! {
    /// What stands before the colon.
    Key {
        Env "env" "environment by slug: env:prod*",
        Severity "sev" "severity: sev:critical, sev:>=high",
        Type "type" "resource type: type:aws_security_group*",
        Id "id" "address or the cloud's id: id:module.net.*",
        Module "module" "module of the address: module:net",
        Actor "actor" "who changed it, where known: actor:alice",
        Is "is" "where it stands: is:new, is:regressed, is:snoozed",
        Cause "cause" "why it happened: cause:unknown",
        Age "age" "since it was first seen: age:<2h, age:>1d",
        Seen "seen" "since it was last seen: seen:<10m",
        Path "path" "a changed property: path:ingress",
        Tag "tag" "a tag or label of the resource: tag:team=pay",
        Owner "owner" "who it is assigned to: owner:bob",
        Incident "incident" "all that belongs together, by the incident's id or that of a drift in it",
        Sort "sort" "order: sort:severity",
        Group "group" "one row for several: group:change",
    }
}

/// The keys a query may begin a term with.
pub const KEYS: &[(Key, &str, &str)] = Key::ALL;

impl Key {
    /// A comma separates several values. Paths, addresses and tags have commas of their own.
    pub(super) fn splits(self) -> bool {
        !matches!(self, Self::Path | Self::Tag | Self::Id)
    }
}

words! {
    /// What follows `is:`.
    Flag {
        /// Nobody has touched it, and it never ended before.
        New "new" "open, never touched by anybody",
        Open "open" "nobody has decided anything",
        Acknowledged "acknowledged" "somebody looks at it",
        Snoozed "snoozed" "out of sight until a time",
        Ignored "ignored" "hidden by an ignore rule",
        Resolved "resolved" "decided",
        Reverted "reverted" "resolved: put back",
        Codified "codified" "resolved: the code follows",
        Accepted "accepted" "resolved: left as it is",
        Escalated "escalated" "resolved: handed on",
        Closed "closed" "gone by itself",
        Regressed "regressed" "came back after it had ended",
        Assigned "assigned" "somebody is responsible",
        Unassigned "unassigned" "nobody is responsible",
        Mine "mine" "assigned to me",
        Noted "noted" "has notes",
        Security "security" "touches security",
        Maintenance "maintenance" "first seen while maintenance was announced",
        Modified "modified" "properties differ",
        Added "added" "in no declared source",
        Deleted "deleted" "declared, and gone",
        Moved "moved" "its address changed",
    }
}

impl Flag {
    /// The state it asks for, if that is what it asks for.
    pub(super) fn state(self) -> Option<State> {
        Some(match self {
            Self::New | Self::Open => State::Open,
            Self::Acknowledged => State::Acknowledged,
            Self::Snoozed => State::Snoozed,
            Self::Ignored => State::Ignored,
            Self::Resolved | Self::Reverted | Self::Codified | Self::Accepted | Self::Escalated => State::Resolved,
            Self::Closed => State::Closed,
            _ => return None,
        })
    }

    pub(super) fn resolution(self) -> Option<ResolutionType> {
        Some(match self {
            Self::Reverted => ResolutionType::AutoRevert,
            Self::Codified => ResolutionType::CodifyIac,
            Self::Accepted => ResolutionType::Accepted,
            Self::Escalated => ResolutionType::Escalated,
            _ => return None,
        })
    }

    pub(super) fn drift_type(self) -> Option<DriftType> {
        Some(match self {
            Self::Modified => DriftType::Modified,
            Self::Added => DriftType::Added,
            Self::Deleted => DriftType::Deleted,
            Self::Moved => DriftType::Moved,
            _ => return None,
        })
    }
}

words! {
    /// The order of what was found.
    #[derive(Default)]
    Sort {
        #[default]
        Newest "newest" "newest first",
        Oldest "oldest" "oldest first",
        Severity "severity" "worst first",
        Blast "blast" "most dependants first",
    }
}

words! {
    /// What makes several drifts one row.
    Group {
        Resource "resource" "the same resource",
        Actor "actor" "the same person or program",
        /// The same path with the same transition, on whatever resource.
        Change "change" "the same change on several resources",
        Module "module" "the same module",
        /// See [`crate::analysis::together`].
        Incident "incident" "the same incident: what belongs together",
    }
}

/// One comparison with a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Than {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Than {
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::AtMost, "<="), (Self::AtLeast, ">="), (Self::Less, "<"), (Self::More, ">")];

    pub fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
        }
    }

    fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(than, _)| *than == self).map_or("", |(_, sign)| sign)
    }
}

/// What one term asks.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Ask {
    /// Lower case; in type, address, id or a changed path.
    Word(String),
    /// Of the property its key names.
    Text(Pattern),
    Severity(Option<Than>, SeverityClass),
    Is(Flag),
    Cause(Cause),
    Length(Than, SignedDuration),
    Tag(Pattern, Option<Pattern>),
    Incident(IncidentName),
}

/// One term; `key` is `None` for words. One of `asks`, between which commas stood, is enough.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Term {
    pub key: Option<Key>,
    pub negated: bool,
    pub asks: Vec<Ask>,
}

/// What a drift has exactly one of: terms about the same one widen each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Facet {
    Property(Key),
    State,
    DriftType,
}

impl Term {
    /// `None`: it narrows whatever stands beside it.
    pub fn facet(&self) -> Option<Facet> {
        match self.key? {
            Key::Path | Key::Tag | Key::Actor | Key::Age | Key::Seen => None,
            Key::Is => {
                let all = |of: fn(&Flag) -> bool| self.asks.iter().all(|ask| matches!(ask, Ask::Is(flag) if of(flag)));
                if all(|flag| flag.state().is_some()) {
                    Some(Facet::State)
                } else {
                    all(|flag| flag.drift_type().is_some()).then_some(Facet::DriftType)
                }
            }
            key => Some(Facet::Property(key)),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_str("-")?;
        }
        if let Some(key) = self.key {
            write!(f, "{}:", key.as_str())?;
        }
        let mut comma = "";
        for ask in &self.asks {
            write!(f, "{comma}{ask}")?;
            comma = ",";
        }
        Ok(())
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(&quoted(word)),
            Self::Text(pattern) => pattern.fmt(f),
            Self::Severity(than, class) => {
                write!(f, "{}{}", than.map_or("", Than::as_str), class.as_str().to_lowercase())
            }
            Self::Is(flag) => f.write_str(flag.as_str()),
            Self::Cause(cause) => f.write_str(cause.as_str()),
            Self::Length(than, length) => write!(f, "{}{}", than.as_str(), spelled(*length)),
            Self::Incident(name) => name.fmt(f),
            Self::Tag(key, None) => key.fmt(f),
            Self::Tag(key, Some(value)) => f.write_str(&quoted(&format!("{}={}", key.text(), value.text()))),
        }
    }
}
