//! A resource body as lines of indented JSON that know which change they belong to.
//!
//! Documents in strings are shown as `jsonencode({ … })` and text of several lines as `<<-EOT`, as Terraform shows them:
//! a difference inside one then is a line of its own.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use serde_json::Value;

use super::path::{Step, embedded};
use crate::safety::sanitise;
use crate::tui::widgets::highlight::{Token, Within};

/// What stands around text of several lines.
const TEXT_START: &str = "<<-EOT";
const TEXT_END: &str = "EOT";
/// Closes text that does not end with a line break, as `diff` says it.
const NO_NEWLINE: &str = "\\ no newline at the end";

/// One line of one side, sanitised.
#[derive(Clone, Debug)]
pub struct Line {
    pub text: String,
    /// A comma follows when shown; it is no part of the comparison, or every last element would differ.
    pub comma: bool,
    /// Bytes of indentation and key.
    pub label: usize,
    /// Levels below the body.
    pub depth: usize,
    /// Bytes that are JSON and can be highlighted.
    pub json: usize,
    pub within: Within,
    /// Hash of the line before sanitising, so that two values never look alike by having been made visible.
    pub hash: u64,
    /// The change this value belongs to.
    pub change: Option<usize>,
    /// For the first and last line of a container: a change somewhere in it.
    pub around: Option<usize>,
    /// A change somewhere in the container around it, of which only the container could be found.
    pub loose: Option<usize>,
    /// Syntax of the line, found when it is first drawn.
    pub tokens: OnceLock<Box<[Token]>>,
}

/// The changes by the place of what they changed.
#[derive(Default, Debug)]
pub struct Marks {
    change: Option<usize>,
    below: Option<usize>,
    loose: Option<usize>,
    children: HashMap<Step, Marks>,
}

impl Marks {
    /// Notes that `change` is about the value at `steps`.
    pub fn insert(&mut self, steps: &[Step], change: usize) {
        match steps.split_first() {
            None => self.change = self.change.or(Some(change)),
            Some((step, rest)) => {
                self.below = self.below.or(Some(change));
                self.children.entry(step.clone()).or_default().insert(rest, change);
            }
        }
    }

    /// Notes that `change` is somewhere in the value at `steps`, nobody knows where.
    pub fn insert_around(&mut self, steps: &[Step], change: usize) {
        self.below = self.below.or(Some(change));
        match steps.split_first() {
            None => self.loose = self.loose.or(Some(change)),
            Some((step, rest)) => self.children.entry(step.clone()).or_default().insert_around(rest, change),
        }
    }
}

/// What a value is printed with.
#[derive(Clone, Copy)]
struct Context<'a> {
    indent: usize,
    marks: Option<&'a Marks>,
    change: Option<usize>,
    loose: Option<usize>,
    within: Within,
    comma: bool,
}

/// A body from its first to its last line.
pub fn body(value: &Value, marks: &Marks) -> Vec<Line> {
    let mut printer = Printer { lines: Vec::new() };
    let context =
        Context { indent: 0, marks: Some(marks), change: None, loose: None, within: Within::Array, comma: false };
    printer.value("", value, context, ("", ""));
    printer.lines
}

/// One value below a name of its own, all of it part of `change`.
pub fn named(name: &str, value: &Value, change: usize) -> Vec<Line> {
    let mut printer = Printer { lines: Vec::new() };
    let context =
        Context { indent: 0, marks: None, change: Some(change), loose: None, within: Within::Array, comma: false };
    printer.value(&format!("{name}: "), value, context, ("", ""));
    printer.lines
}

struct Printer {
    lines: Vec<Line>,
}

impl Printer {
    /// `label`: the key with its colon, or nothing; `wrap`: what stands around the value.
    fn value(&mut self, label: &str, value: &Value, outer: Context<'_>, wrap: (&str, &str)) {
        let context = Context {
            change: outer.marks.and_then(|m| m.change).or(outer.change),
            loose: outer.marks.and_then(|m| m.loose).or(outer.loose),
            ..outer
        };
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.line(label, &format!("{}{{", wrap.0), context);
                // Sorted: the two sides are then aligned wherever their keys come from.
                let sorted: BTreeMap<&String, &Value> = map.iter().collect();
                let last = sorted.len() - 1;
                for (at, (key, child)) in sorted.into_iter().enumerate() {
                    let label = format!("{}: ", Value::String(key.clone()));
                    self.child(&label, child, Step::Key(key.clone()), Within::Object, at < last, context);
                }
                self.line("", &format!("}}{}", wrap.1), Context { within: Within::Object, ..context });
            }
            Value::Array(list) if !list.is_empty() => {
                self.line(label, &format!("{}[", wrap.0), context);
                for (at, child) in list.iter().enumerate() {
                    self.child("", child, Step::Index(at), Within::Array, at + 1 < list.len(), context);
                }
                self.line("", &format!("]{}", wrap.1), Context { within: Within::Array, ..context });
            }
            Value::String(text) => self.string(label, text, context),
            other => self.line(label, &other.to_string(), context),
        }
    }

    fn child(&mut self, label: &str, value: &Value, step: Step, within: Within, comma: bool, parent: Context<'_>) {
        let marks = parent.marks.and_then(|m| m.children.get(&step));
        let context = Context { indent: parent.indent + 1, marks, within, comma, ..parent };
        self.value(label, value, context, ("", ""));
    }

    fn string(&mut self, label: &str, text: &str, context: Context<'_>) {
        if let Some(document) = embedded(text) {
            return self.value(label, &document, context, ("jsonencode(", ")"));
        }
        let Some((_, rest)) = text.split_once('\n') else {
            return self.line(label, &Value::from(text).to_string(), context);
        };
        if rest.is_empty() {
            return self.line(label, &Value::from(text).to_string(), context);
        }
        self.line(label, TEXT_START, Context { comma: false, ..context });
        let inner = Context { indent: context.indent + 1, within: Within::Text, comma: false, ..context };
        let (lines, whole) = match text.strip_suffix('\n') {
            Some(lines) => (lines, true),
            None => (text, false),
        };
        for line in lines.split('\n') {
            self.line("", line, inner);
        }
        if !whole {
            self.line("", NO_NEWLINE, Context { within: Within::Object, ..inner });
        }
        self.line("", TEXT_END, context);
    }

    fn line(&mut self, label: &str, value: &str, context: Context<'_>) {
        let indent = "  ".repeat(context.indent);
        let label = sanitise::line(label);
        let mut hasher = DefaultHasher::new();
        (context.indent, &label, value).hash(&mut hasher);
        let text = format!("{indent}{label}{}", sanitise::line(value));
        let label = indent.len() + label.len();
        let frame = [NO_NEWLINE, TEXT_START, TEXT_END].contains(&value);
        let plain = frame || value.starts_with("jsonencode(") || value.ends_with(')');
        self.lines.push(Line {
            json: if plain { label } else { text.len() },
            text,
            comma: context.comma && !matches!(value, "{" | "[" | "jsonencode({" | "jsonencode(["),
            label,
            depth: context.indent,
            within: context.within,
            hash: hasher.finish(),
            change: context.change,
            around: context.marks.and_then(|m| m.below),
            loose: context.loose,
            tokens: OnceLock::new(),
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(value: &Value) -> Vec<String> {
        body(value, &Marks::default()).iter().map(|l| format!("{}{}", l.text, if l.comma { "," } else { "" })).collect()
    }

    #[test]
    fn plain_values_print_as_serde_prints_them_with_sorted_keys() {
        let value = json!({"b": [1, {}, []], "a": {"x": null, "y": "é\u{1}"}, "c": true});
        let expect = "{\n  \"a\": {\n    \"x\": null,\n    \"y\": \"é\\u0001\"\n  },\n  \"b\": [\n    1,\n    {},\n    []\n  ],\n  \"c\": true\n}";
        assert_eq!(texts(&value).join("\n"), expect);
    }

    #[test]
    fn numbers_keep_every_digit() {
        let value: Value = serde_json::from_str("123456789012345678901234567890.10").unwrap();
        assert_eq!(texts(&value), ["123456789012345678901234567890.10"]);
    }

    #[test]
    fn documents_and_text_in_strings_become_lines() {
        let value = json!({"doc": "{\"b\":1}", "text": "one\ntwo", "whole": "one\ntwo\n", "end": "one\n"});
        let expect = [
            "{",
            "  \"doc\": jsonencode({",
            "    \"b\": 1",
            "  }),",
            "  \"end\": \"one\\n\",",
            "  \"text\": <<-EOT",
            "    one",
            "    two",
            "    \\ no newline at the end",
            "  EOT,",
            "  \"whole\": <<-EOT",
            "    one",
            "    two",
            "  EOT",
            "}",
        ];
        assert_eq!(texts(&value), expect);
    }

    #[test]
    fn lines_know_the_change_they_belong_to() {
        let value = json!({"a": {"b": {"c": 1}}, "d": 2});
        let mut marks = Marks::default();
        marks.insert(&["a", "b"].map(|k| Step::Key(k.into())), 7);
        let lines = body(&value, &marks);
        let of = |part: &str| lines.iter().find(|l| l.text.contains(part)).map(|l| (l.change, l.around));
        assert_eq!(of("\"b\""), Some((Some(7), None)));
        assert_eq!(of("\"c\""), Some((Some(7), None)));
        assert_eq!(of("\"a\""), Some((None, Some(7))));
        assert_eq!(of("\"d\""), Some((None, None)));
    }
}
