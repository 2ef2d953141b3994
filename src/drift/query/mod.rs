//! The query line: `env:prod sev:>=high type:aws_security_group* is:regressed age:<2h tag:team=pay text -excluded @-2h`.
//!
//! A query is terms separated by blanks. `key:value` asks about one property (every key is a line of [`KEYS`]), a bare word is
//! searched in type, address, id and changed paths, `@…` names a [`Window`], `sort:` and `group:` arrange what was found, and `-`
//! before a term takes it out. `"…"` keeps blanks together. A pattern with `*` or `?` has to cover the whole value, one without
//! may stand anywhere in it; case never matters.
//!
//! Terms narrow each other, except that those about what a drift has exactly one of (environment, severity, type, state …) widen
//! each other: `env:a env:b`. A comma always widens: `is:new,regressed`.

mod complete;
pub mod edit;
mod group;
mod matching;
mod parse;
mod pattern;
mod terms;
mod window;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use complete::{Completion, Vocabulary, complete};
pub use group::{GroupKey, GroupRow, Groups, IncidentRow};
pub(crate) use matching::module;
pub use matching::{Incidents, Viewer};
pub(crate) use pattern::Pattern;
pub(crate) use terms::Than;
pub use terms::{Flag, Group, KEYS, Key, Sort};
pub use window::{Edge, Window, length_of, moment};

use terms::{Facet, Term};

/// What to show, and how to arrange it. Reads back from what it prints.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Query {
    terms: Vec<Term>,
    /// When a drift was first seen.
    pub window: Option<Window>,
    pub sort: Sort,
    pub group: Option<Group>,
}

/// What is wrong with a query, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// Bytes of the text.
    pub at: Range<usize>,
    /// What is wrong and what would be understood; of our own words and the quoted term, which may hold anything.
    pub message: String,
}

impl Query {
    /// Reads a query.
    ///
    /// `now` and `zone` say what times without a date or an offset mean.
    ///
    /// # Errors
    /// The first term that is not understood.
    pub fn parse(text: &str, now: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> Result<Self, QueryError> {
        parse::parse(text, now, zone)
    }

    /// Every drift is meant, in whichever order and groups.
    pub fn is_about_all(&self) -> bool {
        self.terms.is_empty() && self.window.is_none()
    }

    /// Nothing is asked for: every drift is meant, newest first.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it asks for drifts in certain states; otherwise the caller's own default holds.
    pub fn names_states(&self) -> bool {
        self.terms.iter().any(|term| !term.negated && term.facet() == Some(Facet::State))
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blank = "";
        let mut word = |f: &mut fmt::Formatter<'_>, text: &dyn fmt::Display| {
            write!(f, "{blank}{text}")?;
            blank = " ";
            Ok(())
        };
        for term in &self.terms {
            word(f, term)?;
        }
        if let Some(window) = &self.window {
            word(f, window)?;
        }
        if self.sort != Sort::default() {
            word(f, &format_args!("sort:{}", self.sort.as_str()))?;
        }
        match self.group {
            Some(group) => word(f, &format_args!("group:{}", group.as_str())),
            None => Ok(()),
        }
    }
}

/// What a query prints needs neither clock nor zone.
impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse(text, jiff::Timestamp::UNIX_EPOCH, &jiff::tz::TimeZone::UTC)
    }
}

impl Serialize for Query {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
