//! Property values with their secrets taken out.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A JSON value that went through the [`Redactor`](super::Redactor). Its strings are still untrusted text: show them only
/// through [`Masked::inline`] and [`Masked::pretty`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Masked(Value);

impl Masked {
    /// Only the redactor, and code that knows the value cannot hold a secret, may call this.
    pub(crate) fn trusted(value: Value) -> Self {
        Self(value)
    }

    /// The value; its strings are tainted.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Compact, on one line of at most `max_width` columns; strings stand in quotes.
    pub fn inline(&self, max_width: usize) -> String {
        super::sanitise::cell(&self.0.to_string(), max_width)
    }

    /// Indented JSON, keys sorted, sanitised line by line.
    pub fn pretty(&self) -> Vec<String> {
        let text = serde_json::to_string_pretty(&self.0).unwrap_or_default();
        text.lines().map(super::sanitise::line).collect()
    }
}

impl std::fmt::Debug for Masked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.inline(200))
    }
}
