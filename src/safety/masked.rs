//! Property values with their secrets taken out.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sanitise;

/// A JSON value that went through the [`Redactor`](super::Redactor). Its strings are still untrusted text: show them only
/// through [`Masked::inline`] and [`Masked::pretty`], and write them with [`sanitise::to_json_writer`].
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

    /// Whether all of it is a secret that was taken out: what stands there instead is `«secret #a1b2c3d4»`.
    pub fn is_secret(&self) -> bool {
        self.0.as_str().is_some_and(|text| text.starts_with("«secret #") && text.ends_with('»'))
    }

    /// Compact, on one line of at most `max_width` columns; strings stand in quotes.
    pub fn inline(&self, max_width: usize) -> String {
        // A column takes at most 16 bytes (see `sanitise::cell`), or 6 as a JSON escape: the rest need not be written.
        let mut head = Head { bytes: vec![], room: max_width.saturating_add(2).saturating_mul(16) };
        let whole = serde_json::to_writer(&mut head, &self.0).is_ok();
        let mut text = String::from_utf8_lossy(&head.bytes).into_owned();
        if !whole {
            text.push('…');
        }
        sanitise::cell(&text, max_width)
    }

    /// Indented JSON, keys sorted, sanitised line by line.
    pub fn pretty(&self) -> Vec<String> {
        let text = serde_json::to_string_pretty(&self.0).unwrap_or_default();
        text.lines().map(sanitise::line).collect()
    }
}

impl std::fmt::Debug for Masked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.inline(200))
    }
}

/// Takes the first bytes and then refuses, so that a large value is not written out for one cell.
struct Head {
    bytes: Vec<u8>,
    room: usize,
}

impl Write for Head {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let take = bytes.len().min(self.room - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..take]);
        if take < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(take) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safety::vectors;

    #[test]
    fn values_and_keys_are_shown_without_a_character_that_acts() {
        for (name, text) in vectors::terminal() {
            let masked = Masked::trusted(serde_json::json!({ &text: [&text] }));
            for shown in masked.pretty().iter().chain([&masked.inline(60)]) {
                assert!(
                    !shown.contains(super::super::visible::is_unsafe) || name.contains("emoji"),
                    "{name}: {shown:?}"
                );
            }
        }
    }

    #[test]
    fn a_large_value_in_a_small_cell_is_cut() {
        let masked = Masked::trusted(serde_json::json!("x".repeat(1 << 20)));
        assert_eq!(masked.inline(6), "\"xxxx…");
        assert_eq!(Masked::trusted(serde_json::json!({"a": 1})).inline(20), "{\"a\":1}");
    }
}
