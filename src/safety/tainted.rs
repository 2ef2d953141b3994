//! Untrusted text.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{lookalike, sanitise};

/// A string from outside. No `Display`, no `Deref`: every way out names its sink.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tainted(Arc<str>);

impl Tainted {
    /// Takes any text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text as it came. For comparing, hashing and writing to the store; never for a sink that a person reads.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// One line of at most `max_width` terminal columns.
    pub fn cell(&self, max_width: usize) -> String {
        sanitise::cell(&self.0, max_width)
    }

    /// As [`cell`](Self::cell), for what names a thing: marked when it is not pure ASCII, since it may read like another name.
    pub fn name(&self, max_width: usize) -> String {
        match self.0.is_ascii() {
            true => self.cell(max_width),
            false => sanitise::cell(&format!("{} {}", lookalike::MARK, self.0), max_width),
        }
    }

    /// One line, however long: for text that is printed and not laid out.
    pub fn line(&self) -> String {
        sanitise::line(&self.0)
    }

    /// Lines, broken at `\n` only.
    pub fn multiline(&self) -> Vec<String> {
        sanitise::multiline(&self.0)
    }

    /// One CSV field.
    pub fn csv(&self) -> String {
        sanitise::csv(&self.0)
    }

    /// Text for HTML.
    pub fn html(&self) -> String {
        sanitise::html(&self.0)
    }

    /// Plain text for Markdown.
    pub fn markdown(&self) -> String {
        sanitise::markdown(&self.0)
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Tainted {
    fn default() -> Self {
        Self("".into())
    }
}

impl fmt::Debug for Tainted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.line())
    }
}

impl From<&str> for Tainted {
    fn from(s: &str) -> Self {
        Self(s.into())
    }
}

impl From<String> for Tainted {
    fn from(s: String) -> Self {
        Self(s.into())
    }
}
