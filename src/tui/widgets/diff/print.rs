//! A resource body as indented lines that know which change they belong to.
//!
//! Documents in strings are shown as `jsonencode({ … })` and text of several lines as `<<-EOT`, as Terraform shows them, in
//! YAML as what they hold: a difference inside one then is a line of its own.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use serde_json::Value;

use super::Syntax;
use super::path::{Step, embedded};
use crate::safety::sanitise;
use crate::tui::widgets::highlight::{Token, Within};

/// What stands around text of several lines.
const TEXT_START: &str = "<<-EOT";
pub(super) const TEXT_END: &str = "EOT";
/// Closes text that does not end with a line break, as `diff` says it.
const NO_NEWLINE: &str = "\\ no newline at the end";
/// Says in YAML that what follows is a document in a string.
const DOCUMENT: &str = "# JSON in a string";

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
    /// Bytes that are of the syntax and can be highlighted.
    pub code: usize,
    pub syntax: Syntax,
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

impl<'a> Context<'a> {
    fn of(marks: Option<&'a Marks>, change: Option<usize>) -> Self {
        Self { indent: 0, marks, change, loose: None, within: Within::Array, comma: false }
    }
}

/// A body from its first to its last line.
pub fn body(value: &Value, marks: &Marks, syntax: Syntax) -> Vec<Line> {
    let mut printer = Printer { lines: Vec::new(), syntax, dashes: 0 };
    let context = Context::of(Some(marks), None);
    match value {
        // Attributes stand at the margin, as in a file.
        Value::Object(map) if syntax != Syntax::Json && !map.is_empty() => {
            let context = Context { change: marks.change, loose: marks.loose, ..context };
            printer.members(map, context);
        }
        _ => printer.value("", value, context, ("", "")),
    }
    printer.lines
}

/// One value below a name of its own, all of it part of `change`.
pub fn named(name: &str, value: &Value, change: usize, syntax: Syntax) -> Vec<Line> {
    let mut printer = Printer { lines: Vec::new(), syntax, dashes: 0 };
    printer.value(&syntax.heading(name), value, Context::of(None, Some(change)), ("", ""));
    printer.lines
}

struct Printer {
    lines: Vec<Line>,
    syntax: Syntax,
    /// List items of YAML that begin with the next line.
    dashes: usize,
}

impl Printer {
    /// `label`: the key with its colon, or nothing; `wrap`: what stands around the value.
    fn value(&mut self, label: &str, value: &Value, outer: Context<'_>, wrap: (&str, &str)) {
        let context = Context {
            change: outer.marks.and_then(|m| m.change).or(outer.change),
            loose: outer.marks.and_then(|m| m.loose).or(outer.loose),
            ..outer
        };
        let inner = Context { indent: context.indent + 1, ..context };
        match value {
            Value::Object(map) if !map.is_empty() && self.syntax == Syntax::Yaml => {
                let inner = if self.container(label, context, wrap) { inner } else { context };
                self.members(map, inner);
            }
            Value::Array(list) if !list.is_empty() && self.syntax == Syntax::Yaml => {
                self.container(label, context, wrap);
                // An item's dash takes the columns of its level.
                self.elements(list, inner);
            }
            Value::Object(map) if !map.is_empty() => {
                self.line(label, &format!("{}{{", wrap.0), context);
                self.members(map, inner);
                self.line("", &format!("}}{}", wrap.1), Context { within: Within::Object, ..context });
            }
            Value::Array(list) if !list.is_empty() => {
                self.line(label, &format!("{}[", wrap.0), context);
                self.elements(list, inner);
                self.line("", &format!("]{}", wrap.1), Context { within: Within::Array, ..context });
            }
            Value::String(text) => self.string(label, text, context),
            other => self.line(label, &self.syntax.scalar(other), context),
        }
    }

    /// The line of YAML that a container begins with; false where it has none.
    fn container(&mut self, label: &str, context: Context<'_>, wrap: (&str, &str)) -> bool {
        let document = !wrap.0.is_empty();
        if !label.is_empty() || document {
            self.line(label, if document { DOCUMENT } else { "" }, context);
            return true;
        }
        false
    }

    fn members(&mut self, map: &serde_json::Map<String, Value>, context: Context<'_>) {
        // Sorted: the two sides are then aligned wherever their keys come from.
        let sorted: BTreeMap<&String, &Value> = map.iter().collect();
        let last = sorted.len() - 1;
        for (at, (key, child)) in sorted.into_iter().enumerate() {
            let comma = at < last && self.syntax.has_commas(false);
            let marks = context.marks.and_then(|m| m.children.get(&Step::Key(key.clone())));
            let inner = Context { marks, within: Within::Object, comma, ..context };
            self.value(&self.syntax.label(key), child, inner, ("", ""));
        }
    }

    fn elements(&mut self, list: &[Value], context: Context<'_>) {
        for (at, child) in list.iter().enumerate() {
            self.dashes += usize::from(self.syntax == Syntax::Yaml);
            let comma = at + 1 < list.len() && self.syntax.has_commas(true);
            let marks = context.marks.and_then(|m| m.children.get(&Step::Index(at)));
            self.value("", child, Context { marks, within: Within::Array, comma, ..context }, ("", ""));
        }
    }

    fn string(&mut self, label: &str, text: &str, context: Context<'_>) {
        if let Some(document) = embedded(text) {
            return self.value(label, &document, context, ("jsonencode(", ")"));
        }
        let is_block = text.split_once('\n').is_some_and(|(_, rest)| !rest.is_empty());
        if !is_block {
            return self.line(label, &self.syntax.scalar(&Value::from(text)), context);
        }
        let (lines, whole) = match text.strip_suffix('\n') {
            Some(lines) => (lines, true),
            None => (text, false),
        };
        let yaml = self.syntax == Syntax::Yaml;
        // A block that begins with spaces says how many are its own.
        let indent = if text.starts_with([' ', '\n']) { "2" } else { "" };
        let block = format!("|{indent}{}", if whole { "" } else { "-" });
        self.line(label, if yaml { &block } else { TEXT_START }, Context { comma: false, ..context });
        let inner = Context { indent: context.indent + 1, within: Within::Text, comma: false, ..context };
        for line in lines.split('\n') {
            self.line("", line, inner);
        }
        if yaml {
            return;
        }
        if !whole {
            self.line("", NO_NEWLINE, Context { within: Within::Object, ..inner });
        }
        self.line("", TEXT_END, context);
    }

    fn line(&mut self, label: &str, value: &str, context: Context<'_>) {
        let dashes = std::mem::take(&mut self.dashes).min(context.indent);
        let indent = format!("{}{}", "  ".repeat(context.indent - dashes), "- ".repeat(dashes));
        let label = sanitise::line(if value.is_empty() { label.trim_end() } else { label });
        let mut hasher = DefaultHasher::new();
        (context.indent, dashes, &label, value).hash(&mut hasher);
        let text = format!("{indent}{label}{}", sanitise::line(value));
        let label = indent.len() + label.len();
        let frame = [NO_NEWLINE, TEXT_START, TEXT_END, DOCUMENT].contains(&value);
        let plain = frame || value.starts_with("jsonencode(") || value.ends_with(')');
        self.lines.push(Line {
            code: if plain { label } else { text.len() },
            syntax: self.syntax,
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
        written(value, Syntax::Json)
    }

    fn written(value: &Value, syntax: Syntax) -> Vec<String> {
        let lines = body(value, &Marks::default(), syntax);
        lines.iter().map(|l| format!("{}{}", l.text, if l.comma { "," } else { "" })).collect()
    }

    fn everything() -> Value {
        json!({"cidrs": ["10.0.0.0/8", "::/0"], "doc": "{\"b\":1}", "empty": {}, "matrix": [[1, 2], [3]],
            "rules": [{"port": 22, "self": false}, {"port": 443, "tags": {"a b": null}}], "text": "one\ntwo\n"})
    }

    #[test]
    fn in_hcl_a_body_reads_as_attributes_of_a_resource() {
        let expect = [
            "cidrs = [",
            "  \"10.0.0.0/8\",",
            "  \"::/0\"",
            "]",
            "doc = jsonencode({",
            "  b = 1",
            "})",
            "empty = {}",
            "matrix = [",
            "  [",
            "    1,",
            "    2",
            "  ],",
            "  [",
            "    3",
            "  ]",
            "]",
            "rules = [",
            "  {",
            "    port = 22",
            "    self = false",
            "  },",
            "  {",
            "    port = 443",
            "    tags = {",
            "      \"a b\" = null",
            "    }",
            "  }",
            "]",
            "text = <<-EOT",
            "  one",
            "  two",
            "EOT",
        ];
        assert_eq!(written(&everything(), Syntax::Hcl), expect);
    }

    #[test]
    fn in_yaml_a_body_is_what_yaml_reads_back() {
        let value = everything();
        let lines = written(&value, Syntax::Yaml);
        let mut read: Value = serde_norway::from_str(&(lines.join("\n") + "\n")).unwrap();
        // The document in a string is shown as what it holds.
        read["doc"] = read["doc"].to_string().into();
        assert_eq!(read, value, "{lines:#?}");
        assert!(lines.contains(&"- port: 22".to_owned()) && lines.contains(&"- - 1".to_owned()), "{lines:#?}");
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
        let lines = body(&value, &marks, Syntax::Json);
        let of = |part: &str| lines.iter().find(|l| l.text.contains(part)).map(|l| (l.change, l.around));
        assert_eq!(of("\"b\""), Some((Some(7), None)));
        assert_eq!(of("\"c\""), Some((Some(7), None)));
        assert_eq!(of("\"a\""), Some((None, Some(7))));
        assert_eq!(of("\"d\""), Some((None, None)));
    }
}
