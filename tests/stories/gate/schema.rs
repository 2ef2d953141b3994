//! Whether JSON is what a schema of the API's document says. Closed: a field that is not described is wrong, which JSON Schema by
//! itself would let pass.

use serde_json::Value;

/// `Err`: where, and what is wrong.
pub fn check(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    Checker { document }.check(schema, value, "$")
}

struct Checker<'a> {
    document: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let wrong =
            |what: &str| Err(format!("{at}: {what}: {}", value.to_string().chars().take(200).collect::<String>()));
        if let Some(name) = schema["$ref"].as_str() {
            let pointer = name.strip_prefix('#').unwrap_or(name);
            let schema = self.document.pointer(pointer).ok_or_else(|| format!("{at}: {name} leads nowhere"))?;
            return self.check(schema, value, at);
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[key].as_array() {
                let answers: Vec<_> = choices.iter().map(|one| self.check(one, value, at)).collect();
                if !answers.iter().any(Result::is_ok) {
                    let all: Vec<String> = answers.into_iter().filter_map(Result::err).collect();
                    return wrong(&format!("none of: {}", all.join(" | ")));
                }
                return Ok(());
            }
        }
        if schema.get("allOf").is_some() {
            return wrong("allOf cannot be checked here");
        }
        if !types(schema).is_empty() && !types(schema).iter().any(|kind| is_a(value, kind)) {
            return wrong(&format!("is no {:?}", types(schema)));
        }
        if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
            return wrong(&format!("is none of {words:?}"));
        }
        match value {
            Value::String(text) => self.text(schema, text).or_else(|what| wrong(&what)),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
                let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
                if (least..=most).contains(&number) { Ok(()) } else { wrong("is out of bounds") }
            }
            Value::Array(items) => self.list(schema, items, at),
            Value::Object(fields) if schema.get("type").is_some() => {
                for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if !fields.contains_key(name) {
                        return wrong(&format!("has no {name}"));
                    }
                }
                for (name, field) in fields {
                    let within = format!("{at}.{name}");
                    let described = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
                    match described {
                        Some(Value::Bool(true)) => {}
                        Some(Value::Bool(false)) | None => return Err(format!("{within}: is not described")),
                        Some(schema) => self.check(schema, field, &within)?,
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn text(&self, schema: &Value, text: &str) -> Result<(), String> {
        if let Some(pattern) = schema["pattern"].as_str()
            && !regex::Regex::new(pattern).unwrap().is_match(text)
        {
            return Err(format!("does not fit {pattern}"));
        }
        if schema["format"] == "date-time" && text.parse::<jiff::Timestamp>().is_err() {
            return Err("is no moment".to_owned());
        }
        Ok(())
    }

    fn list(&self, schema: &Value, items: &[Value], at: &str) -> Result<(), String> {
        let first = schema["prefixItems"].as_array().map_or(&[][..], Vec::as_slice);
        if !first.is_empty() && items.len() != first.len() {
            return Err(format!("{at}: {} items, not {}", items.len(), first.len()));
        }
        for (n, item) in items.iter().enumerate() {
            self.check(first.get(n).unwrap_or(&schema["items"]), item, &format!("{at}[{n}]"))?;
        }
        Ok(())
    }
}

fn types(schema: &Value) -> Vec<&str> {
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
        _ => false,
    }
}
