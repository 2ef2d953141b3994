//! JSON held to a schema of the document, and what is wrong with it in a sentence.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use serde_json::{Map, Value};

use super::words::{kind, shown, wanted};
use crate::server::openapi;

/// What is wrong, and where.
pub(super) struct Fault {
    path: String,
    pub(super) message: String,
}

impl Fault {
    fn new(message: String) -> Self {
        Self { path: String::new(), message }
    }

    /// It lies within this.
    fn within(mut self, name: &str) -> Self {
        let is_place = self.path.is_empty() || self.path.starts_with('[');
        self.path = if is_place { format!("{name}{}", self.path) } else { format!("{name}.{}", self.path) };
        self
    }

    /// Where; `whole` when it is about all of it.
    pub(super) fn at(&self, whole: &str) -> String {
        if self.path.is_empty() { whole.to_owned() } else { self.path.clone() }
    }
}

type Checked = Result<(), Fault>;

fn wrong(message: impl Into<String>) -> Checked {
    Err(Fault::new(message.into()))
}

pub(super) fn check(document: &Value, schema: &Value, value: &Value) -> Checked {
    let schema = resolved(document, schema);
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array() {
            return one_of(document, choices, value);
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(document, part, value)?;
    }
    let kinds = kinds(schema);
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_a(value, kind)) {
        let wanted: Vec<&str> = kinds.iter().filter(|kind| **kind != "null").map(|kind| wanted(kind)).collect();
        let what = if matches!(value, Value::Number(_)) { shown(value) } else { kind(value).to_owned() };
        return wrong(format!("must be {}, not {what}", wanted.join(" or ")));
    }
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value) && !value.is_null()) {
        return wrong(format!("{} is none of: {}", shown(value), listed(words.iter())));
    }
    match value {
        Value::String(text) => self::text(schema, text),
        Value::Number(_) => number(schema, value),
        Value::Array(items) => list(document, schema, items),
        Value::Object(fields) if schema.get("type").is_some() => object(document, schema, fields),
        _ => Ok(()),
    }
}

/// As [`check`], of what stands in an address: lists have commas between their words.
pub(super) fn check_text(document: &Value, schema: &Value, text: &str) -> Checked {
    let schema = resolved(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let some = choices.iter().find(|choice| resolved(document, choice)["type"] != "null");
        return some.map_or(Ok(()), |some| check_text(document, some, text));
    }
    let kinds = kinds(schema);
    if kinds.contains(&"array") {
        let words = text.split(',').map(str::trim);
        return words.into_iter().try_for_each(|word| match word {
            "" => wrong("is empty, or a word of it is: leave it out to ask for all"),
            word => check_text(document, &schema["items"], word),
        });
    }
    let number = || text.parse::<serde_json::Number>().map(Value::Number);
    let value = match kinds.iter().find(|kind| **kind != "null") {
        Some(&"boolean") => Value::Bool(match text {
            "true" => true,
            "false" => false,
            _ => return wrong(format!("{} is neither true nor false", shown(&Value::from(text)))),
        }),
        Some(kind @ (&"integer" | &"number")) => match number() {
            Ok(number) if is_a(&number, kind) => number,
            _ => return wrong(format!("must be {}, not {}", wanted(kind), shown(&Value::from(text)))),
        },
        _ => Value::from(text),
    };
    check(document, schema, &value)
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|name| document.pointer(name.strip_prefix('#')?)) {
        Some(schema) => resolved(document, schema),
        None => schema,
    }
}

fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn listed<'a>(words: impl Iterator<Item = &'a Value>) -> String {
    words.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// The choices are words, objects with one field that says which, and `null`.
fn one_of(document: &Value, choices: &[Value], value: &Value) -> Checked {
    let choices: Vec<&Value> = choices.iter().map(|choice| resolved(document, choice)).collect();
    if value.is_null() && choices.iter().any(|choice| kinds(choice).contains(&"null")) {
        return Ok(());
    }
    let choices: Vec<&Value> = choices.into_iter().filter(|choice| choice["type"] != "null").collect();
    if let [only] = choices.as_slice() {
        return check(document, only, value);
    }
    if choices.iter().any(|choice| check(document, choice, value).is_ok()) {
        return Ok(());
    }
    let named = |choice: &&&Value| {
        let Value::Object(fields) = value else { return false };
        fields.len() == 1 && fields.keys().any(|name| choice["properties"].get(name).is_some())
    };
    if let Some(meant) = choices.iter().find(named) {
        return check(document, meant, value);
    }
    let words = choices.iter().flat_map(|choice| choice["enum"].as_array().into_iter().flatten());
    let words = words.filter_map(Value::as_str);
    let fields = choices.iter().flat_map(|choice| choice["properties"].as_object().into_iter().flat_map(Map::keys));
    let fields = fields.map(|name| format!("{{\"{name}\": …}}"));
    let all: Vec<String> = words.map(str::to_owned).chain(fields).collect();
    if all.is_empty() {
        let wanted: Vec<&str> = choices.iter().flat_map(|choice| kinds(choice)).map(wanted).collect();
        return wrong(format!("must be {}, not {}", wanted.join(" or "), shown(value)));
    }
    wrong(format!("{} is none of: {}", shown(value), all.join(", ")))
}

fn object(document: &Value, schema: &Value, fields: &Map<String, Value>) -> Checked {
    for (name, field) in fields {
        let described = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        let shown: String = name.chars().take(64).collect();
        match described {
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) | None => {
                let known = schema["properties"].as_object().map(|all| all.keys().cloned().collect::<Vec<_>>());
                let known = known.unwrap_or_default().join(", ");
                let message = format!("there is no such field here, but: {known}");
                return Err(Fault::new(message).within(&shown));
            }
            Some(schema) => check(document, schema, field).map_err(|fault| fault.within(&shown))?,
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            let about = resolved(document, &schema["properties"][name])["description"].as_str().unwrap_or_default();
            let about = about.lines().next().filter(|about| !about.is_empty());
            let about = about.map_or(String::new(), |about| format!(": {about}"));
            return Err(Fault::new(format!("is needed, and not there{about}")).within(name));
        }
    }
    Ok(())
}

fn list(document: &Value, schema: &Value, items: &[Value]) -> Checked {
    let first = schema["prefixItems"].as_array().map_or(&[][..], Vec::as_slice);
    if !first.is_empty() && items.len() != first.len() {
        return wrong(format!("has {} items, not {}", items.len(), first.len()));
    }
    for (n, item) in items.iter().enumerate() {
        let schema = first.get(n).unwrap_or(&schema["items"]);
        check(document, schema, item).map_err(|fault| fault.within(&format!("[{n}]")))?;
    }
    Ok(())
}

fn number(schema: &Value, value: &Value) -> Checked {
    let least = schema["minimum"].as_f64();
    let mut most = schema["maximum"].as_f64();
    if most.is_none() && schema["format"] == "int32" {
        most = Some(if least.is_some_and(|least| least >= 0.0) { f64::from(u32::MAX) } else { f64::from(i32::MAX) });
    }
    let number = value.as_f64().unwrap_or(f64::NAN);
    match (least, most) {
        (Some(least), _) if number < least => wrong(format!("must be at least {least}, not {}", shown(value))),
        (_, Some(most)) if number > most => wrong(format!("must be at most {most}, not {}", shown(value))),
        _ => Ok(()),
    }
}

/// Every pattern of the document.
static PATTERNS: LazyLock<HashMap<String, Regex>> = LazyLock::new(|| {
    fn gather(value: &Value, all: &mut HashMap<String, Regex>) {
        match value {
            Value::Object(fields) => {
                if let Some((text, pattern)) = fields.get("pattern").and_then(|text| {
                    let text = text.as_str()?;
                    Some((text, Regex::new(text).ok()?))
                }) {
                    all.insert(text.to_owned(), pattern);
                }
                fields.values().for_each(|field| gather(field, all));
            }
            Value::Array(items) => items.iter().for_each(|item| gather(item, all)),
            _ => {}
        }
    }
    let mut all = HashMap::new();
    gather(openapi::document(), &mut all);
    all
});

fn text(schema: &Value, text: &str) -> Checked {
    let said = || shown(&Value::from(text));
    let length = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|least| length < least) {
        return wrong("must not be empty");
    }
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
        return wrong(format!("has at most {most} characters, not {length}"));
    }
    if schema["format"] == "date-time" && text.parse::<Timestamp>().is_err() {
        return wrong(format!("{} is no time: write it like 2026-11-22T08:00:00Z", said()));
    }
    match schema["pattern"].as_str().and_then(|pattern| PATTERNS.get_key_value(pattern)) {
        Some((text_of, pattern)) if !pattern.is_match(text) => {
            let about = schema["description"].as_str().map_or(String::new(), |about| format!(": {about}"));
            wrong(format!("{} does not have the form {text_of}{about}", said()))
        }
        _ => Ok(()),
    }
}
