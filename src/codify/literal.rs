//! Values as HCL, and HCL that is nothing but a value.

use hcl_edit::expr::{Expression, Object, ObjectKey, UnaryOperator};
use hcl_edit::template::Element;
use serde_json::{Map, Value};

/// A value as HCL writes it, on one line. Text never becomes a template.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(list) => format!("[{}]", list.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let items: Vec<String> =
                map.iter().map(|(name, value)| format!("{} = {}", key(name), written(value))).collect();
            format!("{{ {} }}", items.join(", "))
        }
    }
}

/// A name in an object.
pub(super) fn key(name: &str) -> String {
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && !matches!(name, "true" | "false" | "null" | "for" | "if");
    if is_word { name.to_owned() } else { quoted(name) }
}

/// HCL native syntax specification, "Quoted templates": its escapes, and `$${` and `%%{` for what begins a template.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() || crate::safety::is_unsafe(c) => out.push_str(&escaped(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Text inside a template, where only what begins something to be put in means more than itself.
pub(super) fn in_template(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

fn escaped(c: char) -> String {
    let code = u32::from(c);
    if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") }
}

/// What an expression says when it says it by itself; `None`: it has to be worked out.
pub(super) fn value(expression: &Expression) -> Option<Value> {
    Some(match expression {
        Expression::Null(_) => Value::Null,
        Expression::Bool(flag) => Value::Bool(*flag.value()),
        Expression::Number(number) => number_of(&number.value().to_string())?,
        Expression::String(text) => Value::String(text.value().clone()),
        Expression::StringTemplate(template) => {
            let literal = |element: &Element| match element {
                Element::Literal(text) => Some(text.value().clone()),
                _ => None,
            };
            Value::String(template.iter().map(literal).collect::<Option<String>>()?)
        }
        Expression::Parenthesis(inner) => value(inner.inner())?,
        Expression::UnaryOp(op) if *op.operator.value() == UnaryOperator::Neg => {
            let number = value(&op.expr).filter(Value::is_number)?;
            number_of(&format!("-{number}"))?
        }
        Expression::Array(list) => Value::Array(list.iter().map(value).collect::<Option<_>>()?),
        Expression::Object(object) => Value::Object(entries(object)?),
        _ => return None,
    })
}

fn entries(object: &Object) -> Option<Map<String, Value>> {
    object.iter().map(|(key, item)| Some((name_of(key)?, value(item.expr())?))).collect()
}

/// The name in an object, when it is written out.
pub(super) fn name_of(key: &ObjectKey) -> Option<String> {
    match key.as_ident() {
        Some(ident) => Some(ident.as_str().to_owned()),
        None => value(key.as_expr()?).and_then(|value| text(&value)),
    }
}

/// A scalar as text, as paths name elements.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn number_of(text: &str) -> Option<Value> {
    serde_json::from_str::<Value>(text).ok().filter(Value::is_number)
}
