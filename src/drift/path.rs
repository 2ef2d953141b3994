//! Builds [`PropertyPath`] text step by step, so that every writer of paths spells them the same way.

mod parse;

use std::fmt::Write;

use super::PropertyPath;
pub(crate) use parse::{Step, bracket_end, parse};

/// The longest path, in bytes.
pub const MAX_PATH_BYTES: usize = 500;

const CUT: char = '…';

/// A path that grows and shrinks while a value is walked. One allocation serves the whole walk.
///
/// The grammar is that of [`PropertyPath`]. Inside brackets a value stands bare unless it is empty or holds one of
/// `[]=,"` or a control character; then it is written as a JSON string: `[name="a,b"]`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PathBuilder {
    text: String,
    /// Length of `text` before each step.
    steps: Vec<usize>,
}

impl PathBuilder {
    /// The path of the resource itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// A key of an object: `.key`, or `["a.b"]` when it cannot stand bare.
    pub fn push_key(&mut self, key: &str) -> &mut Self {
        self.start();
        if !stands_bare(key) {
            self.text.push('[');
            self.quoted(key);
            self.text.push(']');
        } else {
            if !self.text.is_empty() {
                self.text.push('.');
            }
            self.text.push_str(key);
        }
        self
    }

    /// A position in a list: `[3]`.
    pub fn push_index(&mut self, index: usize) -> &mut Self {
        self.start();
        // Writing to a String cannot fail.
        let _ = write!(self.text, "[{index}]");
        self
    }

    /// An element found by what identifies it: `[port=80,protocol=TCP]`.
    pub fn push_identity<K: AsRef<str>, V: AsRef<str>>(&mut self, identity: &[(K, V)]) -> &mut Self {
        self.start();
        self.text.push('[');
        for (i, (key, value)) in identity.iter().enumerate() {
            if i > 0 {
                self.text.push(',');
            }
            self.bracketed(key.as_ref());
            self.text.push('=');
            self.bracketed(value.as_ref());
        }
        self.text.push(']');
        self
    }

    /// An element of a set: `[=value]`.
    pub fn push_set_value(&mut self, value: &str) -> &mut Self {
        self.start();
        self.text.push_str("[=");
        self.bracketed(value);
        self.text.push(']');
        self
    }

    /// A step as [`parse`] gives it.
    pub(crate) fn push(&mut self, step: &Step) -> &mut Self {
        match step {
            Step::Key(key) => self.push_key(key),
            Step::Index(at) => self.push_index(*at),
            Step::Identity(pairs) => self.push_identity(pairs),
            Step::SetValue(value) => self.push_set_value(value),
        }
    }

    /// Takes the last step back; nothing happens at the root.
    pub fn pop(&mut self) {
        if let Some(length) = self.steps.pop() {
            self.text.truncate(length);
        }
    }

    /// Steps from the root.
    pub fn depth(&self) -> usize {
        self.steps.len()
    }

    /// Takes steps back until `depth` are left.
    pub fn truncate(&mut self, depth: usize) {
        if let Some(&length) = self.steps.get(depth) {
            self.text.truncate(length);
            self.steps.truncate(depth);
        }
    }

    /// The text so far, uncut.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path, cut to [`MAX_PATH_BYTES`] and closed with `…` when it is longer.
    pub fn finish(&self) -> PropertyPath {
        PropertyPath::from(self.text())
    }

    /// The text of [`finish`](Self::finish).
    pub fn text(&self) -> String {
        if self.text.len() <= MAX_PATH_BYTES {
            return self.text.clone();
        }
        let most = MAX_PATH_BYTES - CUT.len_utf8();
        let end = (0..=most).rev().find(|end| self.text.is_char_boundary(*end)).unwrap_or(0);
        format!("{}{CUT}", &self.text[..end])
    }

    /// The path, or the nearest ancestor that fits uncut: for marks that cover what lies below, as sensitive paths do.
    pub fn finish_covering(&self) -> PropertyPath {
        let fits = std::iter::once(self.text.len()).chain(self.steps.iter().rev().copied());
        let end = fits.into_iter().find(|length| *length <= MAX_PATH_BYTES).unwrap_or(0);
        PropertyPath::from(&self.text[..end])
    }

    fn start(&mut self) {
        self.steps.push(self.text.len());
    }

    fn bracketed(&mut self, value: &str) {
        if value.is_empty() || value.contains(|c: char| "[]=,\"".contains(c) || c.is_control()) {
            self.quoted(value);
        } else {
            self.text.push_str(value);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.text.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Whether a key needs no brackets.
fn stands_bare(key: &str) -> bool {
    let plain = |b: &u8| !matches!(b, b'.' | b'[' | b']' | b'=' | b',' | b'"' | ..b' ' | 0x7f);
    // Beyond ASCII there are control characters, too.
    !key.is_empty() && key.as_bytes().iter().all(plain) && (key.is_ascii() || !key.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_step_is_spelt_as_documented() {
        let mut path = PathBuilder::new();
        path.push_key("spec").push_key("ports").push_identity(&[("port", "80"), ("protocol", "TCP")]).push_key("name");
        assert_eq!(path.as_str(), "spec.ports[port=80,protocol=TCP].name");

        let mut path = PathBuilder::new();
        path.push_key("ingress").push_index(3).push_key("cidr_blocks").push_set_value("10.0.0.0/8");
        assert_eq!(path.as_str(), "ingress[3].cidr_blocks[=10.0.0.0/8]");

        let mut path = PathBuilder::new();
        path.push_key("tags").push_key("a.b").push_key("").push_identity(&[("name", "x]\"y")]);
        assert_eq!(path.as_str(), r#"tags["a.b"][""][name="x]\"y"]"#);
    }

    #[test]
    fn steps_can_be_taken_back() {
        let mut path = PathBuilder::new();
        path.push_key("a").push_index(0).push_key("b");
        path.pop();
        assert_eq!((path.as_str(), path.depth()), ("a[0]", 2));
        path.truncate(0);
        path.pop();
        assert_eq!((path.as_str(), path.depth()), ("", 0));
    }

    #[test]
    fn a_long_path_is_cut_on_a_character_and_marked() {
        let mut path = PathBuilder::new();
        path.push_key("tags").push_key(&"ü".repeat(400));
        let cut = path.finish();
        assert!(cut.raw().len() <= MAX_PATH_BYTES && cut.raw().ends_with('…'));
        assert_eq!(path.finish_covering().raw(), "tags");
        path.pop();
        assert_eq!(path.finish().raw(), "tags");
    }
}
