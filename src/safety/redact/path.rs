//! Reads and writes property paths (grammar: [`PropertyPath`](crate::drift::PropertyPath)), as far as masking needs it.

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    Key(String),
    /// A list position, as written.
    Position(String),
    /// An element found by its identity: names and values.
    Identity(Vec<(String, String)>),
    /// An element of a set: the value itself.
    Element(String),
}

/// Splits a path; never fails: what is not understood counts as a key.
pub(crate) fn parse(path: &str) -> Vec<Step> {
    let mut steps = vec![];
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let end = closing_bracket(after);
            steps.push(selector(&after[..end]));
            rest = after.get(end + 1..).unwrap_or("");
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(Step::Key(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    steps
}

/// The other way round.
pub(super) fn write(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Key(key) if needs_quotes(key) => out.push_str(&format!("[{}]", serde_json::json!(key))),
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Step::Position(at) => out.push_str(&format!("[{at}]")),
            Step::Element(value) => out.push_str(&format!("[={}]", quoted_if_needed(value))),
            Step::Identity(pairs) => {
                let pairs: Vec<_> = pairs.iter().map(|(k, v)| format!("{k}={}", quoted_if_needed(v))).collect();
                out.push_str(&format!("[{}]", pairs.join(",")));
            }
        }
    }
    out
}

/// Only the keys: positions are not stable between two sides of a comparison, so masking does not look at them.
pub(super) fn keys(path: &str) -> Vec<String> {
    parse(path)
        .into_iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key),
            _ => None,
        })
        .collect()
}

fn needs_quotes(key: &str) -> bool {
    key.is_empty() || key.contains(['.', '[', ']', '=', ',', '"'])
}

fn quoted_if_needed(value: &str) -> String {
    if value.contains(['[', ']', ',', '"', '=']) { serde_json::json!(value).to_string() } else { value.to_owned() }
}

/// Byte offset of the `]` that closes the selector; brackets in JSON strings do not count.
fn closing_bracket(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn selector(inner: &str) -> Step {
    if inner.starts_with('"') {
        return Step::Key(unquoted(inner));
    }
    if let Some(value) = inner.strip_prefix('=') {
        return Step::Element(unquoted(value));
    }
    if !inner.contains('=') {
        return Step::Position(inner.to_owned());
    }
    let pairs = split_outside_quotes(inner)
        .into_iter()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => (key.to_owned(), unquoted(value)),
            None => (pair.to_owned(), String::new()),
        })
        .collect();
    Step::Identity(pairs)
}

fn unquoted(text: &str) -> String {
    if text.starts_with('"') { serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()) } else { text.to_owned() }
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (vec![], 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_grammar_is_read_and_written_back() {
        for path in
            ["a.b", "tags[\"a.b\"].c", "list[3].x", "env[name=web].value", "p[port=80,protocol=TCP]", "s[=10.0.0.0/8]"]
        {
            assert_eq!(write(&parse(path)), path);
        }
        assert_eq!(keys("a[0].b[name=x].c[=v][\"d.e\"]"), ["a", "b", "c", "d.e"]);
        let steps = [Step::Key("s".into()), Step::Element("a]b".into()), Step::Key("x".into())];
        assert_eq!(parse("s[=\"a]b\"].x"), steps);
    }

    #[test]
    fn broken_paths_are_read_as_far_as_they_go() {
        for path in ["[", "a[", "a[\"", "..", "a]b", "a[=", "x…"] {
            parse(path);
        }
    }
}
