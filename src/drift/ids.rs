//! Identifiers: what can be compared, sorted and stored, and nothing else.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Ulid);

        impl $name {
            /// A new id; ids made later sort later.
            pub fn generate() -> Self {
                Self(Ulid::generate())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ulid::DecodeError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Ulid::from_string(s).map(Self)
            }
        }
    };
}

pub(crate) use ulid_id;

ulid_id!(
    /// One drift event.
    DriftId
);
ulid_id!(
    /// One run of the scan pipeline over one environment.
    ScanId
);
ulid_id!(
    /// One ignore rule.
    RuleId
);
ulid_id!(
    /// One thing that goes on around drift.
    ContextId
);
ulid_id!(
    /// One request to do something about a drift.
    RemediationId
);

impl ContextId {
    /// The same for the same facts: who finds them again finds the same thing again.
    pub fn of(at: jiff::Timestamp, facts: &[&str]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for fact in facts {
            hasher.update(&(fact.len() as u64).to_be_bytes()).update(fact.as_bytes());
        }
        let mut random = [0; 16];
        random.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(Ulid::from_parts(millis, u128::from_be_bytes(random)))
    }
}

/// The short name of an environment: lower-case letters, digits and `-`, 1 to 100 characters (`prod-eu`).
///
/// A slug is made by us or checked on the way in, so it is safe to print as it stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(Arc<str>);

/// Why a string is no slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Nothing in it.
    #[error("an environment needs a slug of at least one character")]
    Empty,
    /// Over 100 characters.
    #[error("a slug has at most 100 characters, this one has {0}")]
    TooLong(usize),
    /// A character outside `a-z 0-9 -`.
    #[error("a slug holds only lower-case letters, digits and '-'")]
    Character,
}

impl Slug {
    /// Checks `s`.
    pub fn new(s: &str) -> Result<Self, SlugError> {
        match s.len() {
            0 => Err(SlugError::Empty),
            n if n > 100 => Err(SlugError::TooLong(n)),
            _ if s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') => Ok(Self(s.into())),
            _ => Err(SlugError::Character),
        }
    }

    /// The nearest slug to any text: other characters become `-`, runs of them one; empty text becomes `env`.
    pub fn from_text(text: &str) -> Self {
        let mut out = String::new();
        for c in text.chars().flat_map(char::to_lowercase) {
            if c.is_ascii_alphanumeric() {
                out.push(c);
            } else if !out.ends_with('-') && !out.is_empty() {
                out.push('-');
            }
            if out.len() == 100 {
                break;
            }
        }
        let trimmed = out.trim_end_matches('-');
        Self(if trimmed.is_empty() { "env" } else { trimmed }.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slug({})", self.0)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(s: String) -> Result<Self, SlugError> {
        Self::new(&s)
    }
}

impl From<Slug> for String {
    fn from(s: Slug) -> Self {
        s.0.as_ref().to_owned()
    }
}

/// What makes two sightings the same drift: environment, resource identity, drift type and the set of property paths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Hashes the parts; `paths` may come in any order and with repeats.
    pub fn of<'a>(
        environment: &Slug,
        resource_type: &str,
        resource_id: &str,
        drift_type: super::DriftType,
        paths: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut paths: Vec<&str> = paths.collect();
        paths.sort_unstable();
        paths.dedup();
        let mut hasher = blake3::Hasher::new();
        let head = [environment.as_str(), resource_type, resource_id, drift_type.as_str()];
        // Length-prefixed, so that no two different lists of parts hash the same bytes.
        for part in head.iter().chain(paths.iter()) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", &self.to_hex()[..12])
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        blake3::Hash::from_hex(text.as_bytes()).map(|h| Self(*h.as_bytes())).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::DriftType;

    #[test]
    fn a_slug_is_made_from_any_text() {
        assert_eq!(Slug::from_text("Prod EU/1.tfstate").as_str(), "prod-eu-1-tfstate");
        assert_eq!(Slug::from_text("\u{202e}").as_str(), "env");
        assert_eq!(Slug::from_text(&"ä".repeat(500)).as_str(), "env");
    }

    #[test]
    fn the_order_of_paths_does_not_change_a_fingerprint() {
        let env = Slug::from_text("prod");
        let of = |paths: &[&str]| Fingerprint::of(&env, "t", "a", DriftType::Modified, paths.iter().copied());
        assert_eq!(of(&["x", "y"]), of(&["y", "x", "x"]));
        assert_ne!(of(&["x", "y"]), of(&["xy"]));
    }
}
