//! YAML documents as JSON values, read as Kubernetes tools read them.
//!
//! kubectl and the API server resolve plain scalars by YAML 1.1 (`kubernetes-sigs/yaml`, `goyaml.v2/resolve.go`): `yes` is
//! true, `0644` is 420. Only the event stream tells a plain `0644` from a quoted one, so values are built from events here
//! instead of through serde. Numbers keep their digits: 20-digit integers stay exact.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::{Map, Number, Value};

/// A manifest nests a dozen levels; the limit is serde_json's, so that what is read here can be written and read as JSON.
const MAX_DEPTH: usize = 120;
/// Values one document may grow to once its aliases are followed.
const MAX_VALUES: usize = 2_000_000;

/// What is wrong with a YAML file, and on which line (counted from 1).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub(crate) struct YamlError {
    pub line: usize,
    pub what: String,
}

impl From<ScanError> for YamlError {
    fn from(error: ScanError) -> Self {
        Self { line: error.marker().line(), what: error.info().to_owned() }
    }
}

/// Hands out each document that is not empty with its first line. An error ends the file: what follows a broken document
/// cannot be told apart from it.
pub(crate) fn documents(text: &str, each: &mut dyn FnMut(Value, usize) -> bool) -> Result<(), YamlError> {
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event?;
        if let Event::DocumentStart(_) = event {
            let value = Document::default().read(&mut parser)?;
            if !value.is_null() && !each(value, span.start.line()) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// One document while it is read.
#[derive(Default)]
struct Document {
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Value, usize)>,
    root: Option<Value>,
    values: usize,
}

/// A collection that has not ended yet.
struct Open {
    anchor: usize,
    /// Values in the document when this one began.
    before: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    /// The entries, those that came by `<<`, and a key that waits for its value.
    Map(Map<String, Value>, Map<String, Value>, Option<String>),
}

impl Document {
    fn read<'i, I: saphyr_parser::Input>(mut self, parser: &mut Parser<'i, I>) -> Result<Value, YamlError> {
        while let Some(event) = parser.next_event() {
            let (event, span) = event?;
            let done = matches!(event, Event::DocumentEnd | Event::StreamEnd);
            self.event(event).map_err(|what| at(&span, what))?;
            if done {
                break;
            }
        }
        Ok(self.root.unwrap_or_default())
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = if style == ScalarStyle::Plain || tag.is_some() {
                    resolve(&text, style, tag.as_deref())?
                } else {
                    Value::from(text.as_ref())
                };
                self.complete(value, anchor, self.values, style == ScalarStyle::Plain)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(anchor, Content::Map(Map::new(), Map::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = match open.content {
                    Content::List(list) => Value::Array(list),
                    // What stands in the map itself wins over what was merged in.
                    Content::Map(own, mut merged, _) => {
                        merged.extend(own);
                        Value::Object(merged)
                    }
                };
                self.complete(value, open.anchor, open.before, false)
            }
            Event::Alias(anchor) => {
                let (value, size) = self.anchors.get(&anchor).ok_or("an alias points into itself")?;
                let (value, size) = (value.clone(), *size);
                self.count(size)?;
                self.complete(value, 0, self.values, false)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, content: Content) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("it nests more than {MAX_DEPTH} levels deep"));
        }
        self.open.push(Open { anchor, before: self.values, content });
        Ok(())
    }

    fn count(&mut self, values: usize) -> Result<(), String> {
        self.values += values;
        if self.values > MAX_VALUES {
            return Err(format!("its aliases make more than {MAX_VALUES} values of it"));
        }
        Ok(())
    }

    /// Puts a finished value where it belongs. `before`: the count of values when it began.
    fn complete(&mut self, value: Value, anchor: usize, before: usize, plain: bool) -> Result<(), String> {
        self.count(1)?;
        if anchor != 0 {
            if depth(&value) + self.open.len() > MAX_DEPTH {
                return Err(format!("it nests more than {MAX_DEPTH} levels deep"));
            }
            self.anchors.insert(anchor, (value.clone(), self.values - before));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        match &mut open.content {
            Content::List(list) => list.push(value),
            Content::Map(own, merged, key) => match key.take() {
                None => *key = Some(key_text(value, plain)?),
                Some(merge) if merge == MERGE => merge_into(merged, value)?,
                Some(name) => {
                    if own.contains_key(&name) {
                        return Err(format!("the key `{name}` stands twice"));
                    }
                    own.insert(name, value);
                }
            },
        }
        Ok(())
    }
}

fn at(span: &Span, what: String) -> YamlError {
    YamlError { line: span.start.line(), what }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Stands for the merge key, which no quoted key can be.
const MERGE: &str = "\u{0}<<";

/// Keys of other types are spelt as JSON spells them, as kubectl does.
fn key_text(value: Value, plain: bool) -> Result<String, String> {
    match value {
        Value::String(text) if plain && text == "<<" => Ok(MERGE.to_owned()),
        Value::String(text) => Ok(text),
        Value::Bool(_) | Value::Number(_) | Value::Null => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err("a key is a list or a map".to_owned()),
    }
}

/// `<<: *one` or `<<: [*first, *second]`; the first to name a key wins.
fn merge_into(merged: &mut Map<String, Value>, value: Value) -> Result<(), String> {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                merged.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::Array(list) => list.into_iter().try_for_each(|map| merge_into(merged, map)),
        _ => Err("`<<` merges only maps".to_owned()),
    }
}

/// The value of a scalar by its tag, or by how it looks when it is plain.
fn resolve(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    match tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str()) {
        Some("str" | "binary") => Ok(Value::from(text)),
        Some(kind @ ("int" | "float" | "bool" | "null")) => {
            let value = plain(text);
            let fits = match kind {
                "bool" => value.is_boolean(),
                "null" => value.is_null(),
                _ => value.is_number(),
            };
            if fits { Ok(value) } else { Err(format!("`{text}` is no {kind}")) }
        }
        _ if style == ScalarStyle::Plain => Ok(plain(text)),
        _ => Ok(Value::from(text)),
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::from(text), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let digits = text.replace('_', "");
    integer(&digits).or_else(|| float(&digits))
}

/// Decimal, `0x`, `0b`, `0o` and, as in YAML 1.1, a leading zero for octal.
fn integer(text: &str) -> Option<Number> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if body.is_empty() || !body.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    if radix == 10 {
        // Through text: integers of any length stay exact.
        return format!("{sign}{body}").parse().ok();
    }
    format!("{sign}{}", u128::from_str_radix(body, radix).ok()?).parse().ok()
}

/// `1.5`, `.5`, `1.`, `1e3`, `07.5`; what JSON cannot spell (`.inf`, `.nan`) stays a string.
fn float(text: &str) -> Option<Number> {
    let digits = text.trim_start_matches(['+', '-']);
    let shape = text.len() - digits.len() <= 1 && digits.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let value: f64 = shape.then(|| text.parse().ok())??;
    // The digits as they stand when JSON can spell them; else the nearest number.
    text.parse().ok().or_else(|| Number::from_f64(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Vec<(Value, usize)>, YamlError> {
        let mut all = Vec::new();
        documents(text, &mut |value, line| {
            all.push((value, line));
            true
        })?;
        Ok(all)
    }

    fn one(text: &str) -> Value {
        let mut all = read(text).unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0).0
    }

    #[test]
    fn plain_scalars_mean_what_they_mean_to_kubectl() {
        for (text, value) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("~", Value::Null),
            ("0644", json!(420)),
            ("0o644", json!(420)),
            ("0x1F", json!(31)),
            ("1_000", json!(1000)),
            ("-7", json!(-7)),
            ("+7", json!(7)),
            ("0", json!(0)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("1e3", serde_json::from_str("1e3").unwrap()),
            ("0899", json!(899.0)),
            ("\"0644\"", json!("0644")),
            ("'yes'", json!("yes")),
            ("!!str 12", json!("12")),
            ("1.2.3", json!("1.2.3")),
            ("500m", json!("500m")),
            ("2001-12-14", json!("2001-12-14")),
            ("12:30:45", json!("12:30:45")),
            (".inf", json!(".inf")),
            ("infinity", json!("infinity")),
        ] {
            assert_eq!(one(&format!("k: {text}\n"))["k"], value, "{text}");
        }
    }

    #[test]
    fn big_integers_stay_exact() {
        assert_eq!(one("k: 18446744073709551616123")["k"].to_string(), "18446744073709551616123");
        assert_eq!(one("k: -9223372036854775809")["k"].to_string(), "-9223372036854775809");
    }

    #[test]
    fn documents_come_with_their_lines_and_empty_ones_not_at_all() {
        let all = read("# comment\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n").unwrap();
        assert_eq!(all, [(json!({"a": 1}), 2), (json!({"b": 2}), 6)]);
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let text = "base: &b {a: 1, b: 2}\nuse:\n  <<: *b\n  b: 3\nlist: [*b]\nquoted: {\"<<\": 1}\n";
        assert_eq!(
            one(text),
            json!({"base": {"a": 1, "b": 2}, "use": {"a": 1, "b": 3}, "list": [{"a": 1, "b": 2}], "quoted": {"<<": 1}})
        );
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..12 {
            let below = vec![format!("*a{}", i - 1); 10].join(", ");
            text += &format!("a{i}: &a{i} [{below}]\n");
        }
        assert!(read(&text).unwrap_err().what.contains("aliases"));
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&"- ".repeat(5_000)).is_err());
        let mut text = "a0: &a0 {x: 1}\n".to_owned();
        for i in 1..200 {
            text += &format!("a{i}: &a{i} {{x: *a{}}}\n", i - 1);
        }
        assert!(read(&text).unwrap_err().what.contains("levels deep"));
    }

    #[test]
    fn errors_name_their_line() {
        assert_eq!(read("a: 1\nb: [1\nc: 2\n").unwrap_err().line, 3);
        assert_eq!(read("a: 1\na: 2\n").unwrap_err(), YamlError { line: 2, what: "the key `a` stands twice".into() });
        assert_eq!(read("a: &x [*x]\n").unwrap_err().what, "an alias points into itself");
    }
}
