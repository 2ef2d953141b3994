//! Reading case files; labels stay out.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::lines::{files, lines};
use crate::api::AnalyzeContext;
use crate::compare::Context;
use crate::drift::{DriftType, OperationalContext};

/// One drift to judge.
#[derive(Clone, Debug)]
pub struct Case {
    pub id: String,
    pub resource_type: String,
    /// Deleted where `actual` is null, added where `declared` is.
    pub drift_type: DriftType,
    pub declared: Value,
    pub actual: Value,
    pub remembered: Value,
    /// Audit events, as they came.
    pub events: Vec<Value>,
    pub context: Context,
    /// What went on: `context.contexts`, as marks are exported.
    pub around: Vec<OperationalContext>,
    /// What somebody says of it, as `POST analyze` takes it: a `context` that is a text, or its fields that nothing else reads.
    pub said: Option<String>,
    /// `context.environment`, where it is said.
    pub environment: Option<String>,
    /// When it was seen: `detected_at`, where it is said.
    pub at: Option<Timestamp>,
}

/// A line that is no case, or a file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}{place}: {what}", place = if *line == 0 { String::new() } else { format!(":{line}") })]
pub struct CaseError {
    file: String,
    /// From 1; 0: the file itself.
    line: usize,
    what: String,
}

/// Each line of a file as `parse` reads it; what is no case is an error beside the others.
pub fn read<T>(path: &Path, parse: impl Fn(&str) -> Result<T, String>) -> (Vec<T>, Vec<CaseError>) {
    let (mut cases, mut errors) = (vec![], vec![]);
    let lines = match lines(path) {
        Ok(lines) => lines,
        Err(e) => return (cases, vec![CaseError::unread(path, e)]),
    };
    for (line, text) in lines {
        match text.map_err(|e| e.to_string()).and_then(|text| parse(&text)) {
            Ok(case) => cases.push(case),
            Err(what) => errors.push(CaseError { file: path.display().to_string(), line, what }),
        }
    }
    (cases, errors)
}

impl CaseError {
    /// Of a file or folder as a whole.
    fn unread(path: &Path, e: std::io::Error) -> Self {
        Self { file: path.display().to_string(), line: 0, what: format!("cannot be read: {e}") }
    }
}

/// The files that these paths stand for: themselves, and the `*.jsonl` files of folders.
pub fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CaseError> {
    let each = paths.iter().map(|path| files(path).map_err(|e| CaseError::unread(path, e)));
    Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
}

impl Case {
    /// From one line; the error says what is missing or wrong. Nothing but the fields named in the module is looked at.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut row: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        if !row.is_object() {
            return Err("a case is a JSON object".to_owned());
        }
        let id = id(&row)?;
        let is_null = |name: &str| row.get(name).is_some_and(Value::is_null);
        let drift_type = match (is_null("declared"), is_null("actual")) {
            (true, true) => return Err("`declared` and `actual` are both null: there is nothing to compare".to_owned()),
            (true, false) => DriftType::Added,
            (false, true) => DriftType::Deleted,
            (false, false) => DriftType::Modified,
        };
        let mut take = |name: &str| row.get_mut(name).map(Value::take).filter(|value| !value.is_null());
        let events = match (take("events"), take("event")) {
            (Some(Value::Array(events)), _) => events,
            (Some(event @ Value::Object(_)), _) => vec![event],
            (Some(_), _) => return Err("`events` is a list of audit events".to_owned()),
            (None, one) => one.into_iter().collect(),
        };
        let changes = take("changes");
        let listed = changes.as_ref().map(sides).transpose()?;
        let (kind, sides) = listed.map_or((None, None), |(kind, sides)| (kind, Some(sides)));
        let kind = take("resource_type").and_then(|kind| kind.as_str().map(str::to_owned)).or(kind);
        let (declared, actual) = match (take("declared"), take("actual"), sides) {
            (Some(declared), Some(actual), _) => (declared, actual),
            (Some(declared), None, _) if drift_type == DriftType::Deleted => (declared, json!({})),
            (None, Some(actual), _) if drift_type == DriftType::Added => (json!({}), actual),
            (None, None, Some(sides)) => sides,
            // Events alone say who, and nothing else is asked.
            (None, None, None) if !events.is_empty() => (json!({}), json!({})),
            (declared, _, _) => {
                return Err(format!("a case needs `{}`", if declared.is_none() { "declared" } else { "actual" }));
            }
        };
        let remembered = take("remembered");
        // Both sides are whole, so that what only the live one has was not set when the code was last applied.
        let declared = if remembered.is_none() { stated(declared, &actual) } else { declared };
        let context = take("context");
        let said = said(context.as_ref())?;
        let around = context.as_ref().and_then(|context| context.get("contexts")).cloned();
        around.as_ref().map_or(Ok(()), windows_are_known)?;
        let around = around.map(serde_json::from_value).transpose();
        let environment = context.as_ref().and_then(|context| context["environment"].as_str()).map(str::to_owned);
        let at = take("detected_at").map(|at| at.as_str().and_then(|at| at.parse().ok()).ok_or(at)).transpose();
        let at = at.map_err(|at| format!("`detected_at` is a time such as 2026-01-31T09:30:00Z, got {at}"))?;
        let resource_type = kind.or_else(|| (!events.is_empty()).then(|| "unknown".to_owned()));
        Ok(Self {
            id,
            drift_type,
            resource_type: resource_type.ok_or("a case needs the text `resource_type`")?,
            remembered: remembered.unwrap_or_else(|| declared.clone()),
            context: context.map(|context| Context::from_json(&context)).unwrap_or_default(),
            around: around.map_err(|e| format!("`context.contexts`: {e}"))?.unwrap_or_default(),
            said,
            environment,
            at,
            declared,
            actual,
            events,
        })
    }
}

impl Case {
    /// It has events and no sides: who it was is all that is asked.
    pub(super) fn is_events_alone(&self) -> bool {
        let is_empty = |side: &Value| side.as_object().is_some_and(Map::is_empty);
        self.drift_type == DriftType::Modified && is_empty(&self.declared) && is_empty(&self.actual)
    }
}

/// A window whose end is misspelt would be open for ever, and explain everything after it.
fn windows_are_known(around: &Value) -> Result<(), String> {
    for (at, one) in around.as_array().into_iter().flatten().enumerate() {
        let mut names = one["time_window"].as_object().into_iter().flat_map(Map::keys);
        if let Some(other) = names.find(|name| !matches!(name.as_str(), "from" | "to")) {
            return Err(format!(
                "`context.contexts[{at}].time_window` has no field `{other}`; a window has `from` and `to`, and `to` is null \
                 while it is open"
            ));
        }
    }
    Ok(())
}

/// What a context says beside what comparisons and causes read of it.
fn said(context: Option<&Value>) -> Result<Option<String>, String> {
    let text = match context {
        None => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(fields)) => {
            let is_read = |name: &str| ["contexts", "environment"].contains(&name) || Context::FIELDS.contains(&name);
            let rest = fields.iter().filter(|(name, _)| !is_read(name));
            let rest: Map<String, Value> = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
            AnalyzeContext::Fields(rest).text().raw().to_owned()
        }
        Some(other) => return Err(format!("`context` is a text or an object, got {other}")),
    };
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

/// The name of a case: a text, or a number as it is written.
pub(super) fn id(row: &Value) -> Result<String, String> {
    match row.get("id").or_else(|| row.get("case_id")) {
        Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
        Some(Value::Number(id)) => Ok(id.to_string()),
        _ => Err("a case needs the text `id`".to_owned()),
    }
}

/// As a state writes it: `null` for what is not set.
fn stated(declared: Value, actual: &Value) -> Value {
    match (declared, actual) {
        (Value::Object(mut declared), Value::Object(actual)) => {
            for (key, actual) in actual {
                let side = declared.remove(key).unwrap_or(Value::Null);
                declared.insert(key.clone(), stated(side, actual));
            }
            Value::Object(declared)
        }
        (Value::Array(declared), Value::Array(actual)) if declared.len() == actual.len() => {
            Value::Array(declared.into_iter().zip(actual).map(|(declared, actual)| stated(declared, actual)).collect())
        }
        (declared, _) => declared,
    }
}

/// The type of the first change, and both sides as far as the changes tell.
fn sides(changes: &Value) -> Result<(Option<String>, (Value, Value)), String> {
    let changes = changes.as_array().ok_or("`changes` is a list")?;
    let kind = changes.iter().find_map(|change| change["type"].as_str()).map(str::to_owned);
    let (mut declared, mut actual) = (Map::new(), Map::new());
    for change in changes {
        let path = change["path"].as_str().ok_or("a change needs the text `path`")?;
        for (side, name) in [(&mut declared, "declared"), (&mut actual, "actual")] {
            if let Some(value) = change.get(name).filter(|value| !value.is_null()) {
                side.insert(path.to_owned(), value.clone());
            }
        }
    }
    Ok((kind, (Value::Object(declared), Value::Object(actual))))
}
