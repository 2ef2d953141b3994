//! The path of the walk: one string that grows and shrinks, spelt as [`PropertyPath`](crate::drift::PropertyPath) documents.

use std::fmt::Write;

/// Longest path handed out, in bytes.
const MAX_BYTES: usize = 500;

/// Where the walk stands. Steps are taken back with [`Path::back_to`].
#[derive(Default)]
pub(super) struct Path {
    text: String,
}

impl Path {
    /// A mark to come back to.
    pub fn mark(&self) -> usize {
        self.text.len()
    }

    /// Forgets every step since `mark`.
    pub fn back_to(&mut self, mark: usize) {
        self.text.truncate(mark);
    }

    pub fn key(&mut self, key: &str) {
        if key.is_empty() || key.contains(|c: char| ".[]=,\"".contains(c) || c.is_control()) {
            let _ = write!(self.text, "[{}]", serde_json::Value::from(key));
            return;
        }
        if !self.text.is_empty() {
            self.text.push('.');
        }
        self.text.push_str(key);
    }

    pub fn index(&mut self, index: usize) {
        let _ = write!(self.text, "[{index}]");
    }

    /// An element found by what identifies it: `[port=80,protocol=TCP]`.
    pub fn identity<'v>(&mut self, pairs: impl IntoIterator<Item = (&'v str, &'v str)>) {
        for (i, (key, value)) in pairs.into_iter().enumerate() {
            self.text.push(if i == 0 { '[' } else { ',' });
            self.bracketed(key);
            self.text.push('=');
            self.bracketed(value);
        }
        self.text.push(']');
    }

    /// An element of a set: `[=value]`.
    pub fn member(&mut self, value: &str) {
        self.text.push_str("[=");
        self.bracketed(value);
        self.text.push(']');
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The path, cut to 500 bytes.
    pub fn finish(&self) -> String {
        if self.text.len() <= MAX_BYTES {
            return self.text.clone();
        }
        let end = self.text.floor_char_boundary(MAX_BYTES - '…'.len_utf8());
        format!("{}…", &self.text[..end])
    }

    fn bracketed(&mut self, value: &str) {
        if value.is_empty() || value.contains(|c: char| "[]=,\"".contains(c) || c.is_control()) {
            let _ = write!(self.text, "{}", serde_json::Value::from(value));
        } else {
            self.text.push_str(value);
        }
    }
}

/// The keys of a path without positions and identities: `rule[id=a].prefix` gives `rule.prefix`. Quoted keys stay as they are.
pub(super) fn skeleton(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(open) = rest.find('[') {
        out.push_str(&rest[..open]);
        let inside = &rest[open + 1..];
        let quoted_key = inside.starts_with('"');
        let close = closing(inside);
        if quoted_key {
            out.push('.');
            out.push_str(&inside[..close]);
        }
        rest = inside.get(close + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Position of the `]` that ends a bracket, quoted strings skipped; the end when there is none.
fn closing(inside: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (i, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return i,
            _ => {}
        }
    }
    inside.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_spelt_as_the_grammar_says_and_taken_back() {
        let mut path = Path::default();
        path.key("spec");
        let spec = path.mark();
        path.key("ports");
        path.identity([("port", "80"), ("protocol", "TCP")]);
        path.key("a.b");
        assert_eq!(path.text(), "spec.ports[port=80,protocol=TCP][\"a.b\"]");
        path.back_to(spec);
        path.key("args");
        path.member("x=1");
        assert_eq!(path.finish(), "spec.args[=\"x=1\"]");
    }

    #[test]
    fn a_long_path_is_cut_at_a_character() {
        let mut path = Path::default();
        path.key(&"ä".repeat(400));
        assert!(path.finish().len() <= MAX_BYTES && path.finish().ends_with('…'));
    }

    #[test]
    fn the_skeleton_of_a_path_has_only_its_keys() {
        assert_eq!(skeleton("rule[id=\"]\"].a[3].b"), "rule.a.b");
        assert_eq!(skeleton("tags[\"a.b\"].c"), "tags.\"a.b\".c");
    }
}
