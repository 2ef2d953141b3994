//! Records as both engines keep them.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::settings::WebhookUrl;
use super::{AccountsError, OrganizationSettings, Result};
use crate::drift::SeverityClass;

/// `place`: for whoever has to mend it.
pub(super) fn decoded<T: DeserializeOwned>(place: &str, bytes: &[u8]) -> Result<T> {
    let damaged = |e: serde_json::Error| AccountsError::Damaged { place: place.to_owned(), detail: e.to_string() };
    serde_json::from_slice(bytes).map_err(damaged)
}

pub(super) fn encoded(value: &impl Serialize) -> Result<Vec<u8>> {
    let damaged = |e: serde_json::Error| AccountsError::Damaged { place: "a record".into(), detail: e.to_string() };
    serde_json::to_vec(value).map_err(damaged)
}

/// What the settings show, with the webhook whole: only here.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredSettings {
    drift_detection_enabled: bool,
    auto_analysis_enabled: bool,
    email_notifications: bool,
    slack_integration: bool,
    slack_webhook_url: Option<String>,
    audit_logging: bool,
    #[serde(default = "high")]
    notification_severity: SeverityClass,
    session_timeout: u32,
    updated_at: Timestamp,
    #[serde(default)]
    version: u64,
}

/// Of settings from before there was a choice.
fn high() -> SeverityClass {
    SeverityClass::High
}

impl From<&OrganizationSettings> for StoredSettings {
    fn from(settings: &OrganizationSettings) -> Self {
        Self {
            drift_detection_enabled: settings.drift_detection_enabled,
            auto_analysis_enabled: settings.auto_analysis_enabled,
            email_notifications: settings.email_notifications,
            slack_integration: settings.slack_integration,
            slack_webhook_url: settings.slack_webhook_url.as_ref().map(|url| url.secret().to_owned()),
            audit_logging: settings.audit_logging,
            notification_severity: settings.notification_severity,
            session_timeout: settings.session_timeout,
            updated_at: settings.updated_at,
            version: settings.version,
        }
    }
}

impl StoredSettings {
    pub(super) fn read(self) -> Result<OrganizationSettings> {
        Ok(OrganizationSettings {
            drift_detection_enabled: self.drift_detection_enabled,
            auto_analysis_enabled: self.auto_analysis_enabled,
            email_notifications: self.email_notifications,
            slack_integration: self.slack_integration,
            slack_webhook_url: self.slack_webhook_url.as_deref().map(WebhookUrl::new).transpose()?,
            audit_logging: self.audit_logging,
            notification_severity: self.notification_severity,
            session_timeout: self.session_timeout,
            updated_at: self.updated_at,
            version: self.version,
        })
    }
}

/// What is changed is what was read: `new` is the version after that of `old`.
pub(super) fn next(old: &(impl Serialize + Versioned), new: &impl Versioned, what: &str) -> Result<()> {
    if new.version() == old.version() + 1 { Ok(()) } else { Err(moved_on(old, what)) }
}

/// Whoever says which version he looked at changes only that one.
pub(super) fn expect(expected: Option<u64>, now: &(impl Serialize + Versioned), what: &str) -> Result<()> {
    if expected.is_none_or(|version| version == now.version()) { Ok(()) } else { Err(moved_on(now, what)) }
}

fn moved_on(now: &impl Serialize, what: &str) -> AccountsError {
    let current = serde_json::to_value(now).ok().map(Box::new);
    AccountsError::Conflict { what: what.to_owned(), current }
}

/// What is changed only by who knows it as it is.
pub(super) trait Versioned {
    fn version(&self) -> u64;
}

impl Versioned for super::Organization {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Versioned for super::User {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Versioned for OrganizationSettings {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Versioned for super::ApiKey {
    fn version(&self) -> u64 {
        self.version
    }
}
