//! The labels of a case, as others wrote them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::drift::{Cause, Direction, SeverityClass};

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
    /// As the file spells it.
    pub actor_type: Option<String>,
}

impl Gold {
    /// From one line of a labelled file; a word that is no label is an error, its absence is not.
    pub fn parse(line: &str) -> Result<Self, String> {
        let row: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let id = super::case::id(&row)?;
        let severity = match text("severity") {
            None => None,
            Some("INFO" | "INFORMATIONAL" | "NONE" | "LOW") => Some(SeverityClass::Low),
            Some("MEDIUM") => Some(SeverityClass::Medium),
            Some("HIGH") => Some(SeverityClass::High),
            Some("CRITICAL") => Some(SeverityClass::Critical),
            Some(other) => return Err(format!("unknown severity `{other}`")),
        };
        let direction = match text("direction") {
            None => None,
            Some("regression" | "loosening") => Some(Direction::Loosening),
            Some("hardening") => Some(Direction::Hardening),
            Some("benign" | "neutral") => Some(Direction::Neutral),
            Some("back_to_default") => Some(Direction::BackToDefault),
            Some(other) => return Err(format!("unknown direction `{other}`")),
        };
        let cause = text("cause").map(|cause| serde_json::from_value(cause.into()));
        let cause = cause.transpose().map_err(|_| "unknown cause".to_owned())?;
        let labels = row.get("is_security_critical").and_then(Value::as_array).into_iter().flatten();
        let critical = labels.filter_map(|one| Some((one["path"].as_str()?.to_owned(), one["label"].as_bool()?)));
        Ok(Self {
            id,
            severity,
            direction,
            is_security_critical: critical.collect(),
            cause,
            actor_type: text("actor_type").map(str::to_owned),
        })
    }
}
