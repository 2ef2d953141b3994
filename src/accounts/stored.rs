//! Records as both engines keep them.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::settings::WebhookUrl;
use super::{AccountsError, OrganizationSettings, Result};

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
    session_timeout: u32,
    updated_at: Timestamp,
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
            session_timeout: settings.session_timeout,
            updated_at: settings.updated_at,
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
            session_timeout: self.session_timeout,
            updated_at: self.updated_at,
        })
    }
}

/// What is changed is what was read.
pub(super) fn next(old: u64, new: u64, what: &str) -> Result<()> {
    if new == old + 1 { Ok(()) } else { Err(AccountsError::Conflict(what.to_owned())) }
}
