//! The columns of the audit log that say who asked, from where, and whether it was done.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

use crate::drift::AuditEntry;

/// As the entry says it; an entry from before this was kept says nothing.
#[derive(Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) user_id: Option<String>,
    pub(super) principal: Option<String>,
    pub(super) ip_address: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) session_id: Option<String>,
    pub(super) success: bool,
    pub(super) error_message: Option<String>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            user_id: None,
            principal: None,
            ip_address: None,
            user_agent: None,
            session_id: None,
            success: true,
            error_message: None,
        }
    }
}

impl FromRow<'_, PgRow> for Asked {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            user_id: row.try_get("user_id")?,
            principal: row.try_get("principal")?,
            ip_address: row.try_get("ip_address")?,
            user_agent: row.try_get("user_agent")?,
            session_id: row.try_get("session_id")?,
            success: row.try_get("success")?,
            error_message: row.try_get("error_message")?,
        })
    }
}

impl Asked {
    pub(super) fn of(entry: &AuditEntry) -> Self {
        // PostgreSQL's text has no NUL.
        let text = |text: &str| text.replace('\0', "\u{fffd}");
        let said = Self {
            success: entry.success,
            error_message: entry.error_message.as_ref().map(|error| text(error.raw())),
            ..Self::default()
        };
        let Some(origin) = &entry.origin else { return said };
        Self {
            user_id: origin.user_id.map(|id| id.to_string()),
            principal: Some(origin.principal.as_str().to_owned()),
            ip_address: origin.ip_address.map(|address| address.to_string()),
            user_agent: origin.user_agent.as_ref().map(|agent| text(agent.raw())),
            session_id: origin.session_id.map(|id| id.to_string()),
            ..said
        }
    }
}
