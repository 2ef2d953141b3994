//! The labels of a case, as others wrote them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::predict::WHOLE;
use crate::bench::cloudtrail::class_named;
use crate::drift::{ActorClass, Cause, Direction, SeverityClass};

/// What is right, as far as the line says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Gold {
    pub id: String,
    /// `INFO` and `NONE` count as LOW.
    pub severity: Option<SeverityClass>,
    /// `regression` is a loosening; what is `benign` neither loosens nor hardens.
    pub direction: Option<Direction>,
    pub is_security_critical: BTreeMap<String, bool>,
    pub cause: Option<Cause>,
    /// `actor_type`; `Some(None)`: whoever labelled it knew no class.
    pub actor: Option<Option<ActorClass>>,
}

impl Gold {
    /// From one line of a labelled file; a word that is no label is an error, its absence is not.
    pub fn parse(line: &str) -> Result<Self, String> {
        let row: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let text = |name: &str| match row.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(other) => Err(format!("`{name}` is a word, got {other}")),
        };
        let id = super::case::id(&row)?;
        let severity = match text("severity")? {
            None => None,
            Some("INFO" | "INFORMATIONAL" | "NONE" | "LOW") => Some(SeverityClass::Low),
            Some("MEDIUM") => Some(SeverityClass::Medium),
            Some("HIGH") => Some(SeverityClass::High),
            Some("CRITICAL") => Some(SeverityClass::Critical),
            Some(other) => return Err(format!("unknown severity `{other}`")),
        };
        let direction = match text("direction")? {
            None => None,
            Some("regression" | "loosening") => Some(Direction::Loosening),
            Some("hardening") => Some(Direction::Hardening),
            Some("benign" | "neutral") => Some(Direction::Neutral),
            Some("back_to_default") => Some(Direction::BackToDefault),
            Some(other) => return Err(format!("unknown direction `{other}`")),
        };
        let cause = text("cause")?.map(|cause| serde_json::from_value(cause.into()));
        let cause = cause.transpose().map_err(|_| "unknown cause".to_owned())?;
        let actor = text("actor_type")?.map(class_named).transpose().map_err(|e| format!("`actor_type`: {e}"))?;
        let is_security_critical = row.get("is_security_critical").map_or_else(|| Ok(BTreeMap::new()), critical)?;
        Ok(Self { id, severity, direction, is_security_critical, cause, actor })
    }
}

/// A list of `path` and `label`, or, as predictions have it, an object of paths, or one word for the drift as a whole. A path
/// whose label is null has none.
fn critical(labels: &Value) -> Result<BTreeMap<String, bool>, String> {
    let wrong = |got: &Value| {
        format!(
            "`is_security_critical` is an object of paths to true or false, or a list of `path` and `label`, got {got}"
        )
    };
    let label = |path: &str, label: &Value| match label {
        Value::Bool(is) => Ok(Some((path.to_owned(), *is))),
        Value::Null => Ok(None),
        other => Err(wrong(other)),
    };
    let labels: Vec<Option<(String, bool)>> = match labels {
        Value::Null => vec![],
        Value::Bool(is) => vec![Some((WHOLE.to_owned(), *is))],
        Value::Object(paths) => paths.iter().map(|(path, is)| label(path, is)).collect::<Result<_, _>>()?,
        Value::Array(list) => {
            let one = |one: &Value| label(one["path"].as_str().ok_or_else(|| wrong(one))?, &one["label"]);
            list.iter().map(one).collect::<Result<_, _>>()?
        }
        other => return Err(wrong(other)),
    };
    Ok(labels.into_iter().flatten().collect())
}
