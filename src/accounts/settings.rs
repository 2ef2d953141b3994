//! What an organisation has chosen.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::AccountsError;
use crate::drift::SeverityClass;

/// Seconds without a request after which a session is over, unless the organisation says otherwise.
const IDLE: u32 = 3_600;
const IDLE_RANGE: std::ops::RangeInclusive<u32> = 60..=604_800;

/// One an organisation; none until somebody chooses something, and until then the defaults hold.
#[derive(Clone, PartialEq, Serialize, Debug, utoipa::ToSchema)]
pub struct OrganizationSettings {
    /// Without it, nothing of the organisation is scanned.
    pub drift_detection_enabled: bool,
    pub auto_analysis_enabled: bool,
    pub email_notifications: bool,
    /// Takes a webhook, too.
    pub slack_integration: bool,
    pub slack_webhook_url: Option<WebhookUrl>,
    /// Whether plain reading is audited; changes and whatever concerns security always are.
    pub audit_logging: bool,
    /// The least severity of drift that people are notified of.
    pub notification_severity: SeverityClass,
    /// Seconds.
    pub session_timeout: u32,
    pub updated_at: Timestamp,
    /// Goes up with each change.
    pub version: u64,
}

impl Default for OrganizationSettings {
    fn default() -> Self {
        Self {
            drift_detection_enabled: true,
            auto_analysis_enabled: true,
            email_notifications: true,
            slack_integration: false,
            slack_webhook_url: None,
            audit_logging: true,
            notification_severity: SeverityClass::High,
            session_timeout: IDLE,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 0,
        }
    }
}

impl OrganizationSettings {
    /// Where Slack messages go, if they go.
    pub fn slack(&self) -> Option<&WebhookUrl> {
        self.slack_webhook_url.as_ref().filter(|_| self.slack_integration)
    }

    /// With everything replaced by what a `PUT` says; what it leaves out is the default. A webhook that comes back as it was shown
    /// is the one there is.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] names the field.
    pub fn replaced(&self, body: &SettingsBody, now: Timestamp) -> Result<Self, AccountsError> {
        if !IDLE_RANGE.contains(&body.session_timeout) {
            let [least, most] = [IDLE_RANGE.start(), IDLE_RANGE.end()];
            let message = format!("is {least} to {most} seconds, not {}", body.session_timeout);
            return Err(AccountsError::invalid("session_timeout", message));
        }
        let known = self.slack_webhook_url.as_ref();
        let slack_webhook_url = match body.slack_webhook_url.as_deref() {
            None | Some("") => None,
            Some(text) if known.is_some_and(|url| url.shown() == text) => known.cloned(),
            Some(text) => Some(WebhookUrl::new(text)?),
        };
        Ok(Self {
            drift_detection_enabled: body.drift_detection_enabled,
            auto_analysis_enabled: body.auto_analysis_enabled,
            email_notifications: body.email_notifications,
            slack_integration: body.slack_integration,
            slack_webhook_url,
            audit_logging: body.audit_logging,
            notification_severity: body.notification_severity,
            session_timeout: body.session_timeout,
            updated_at: now,
            version: self.version + 1,
        })
    }
}

/// What a `PUT` says.
#[derive(Clone, PartialEq, Deserialize, Debug, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsBody {
    pub drift_detection_enabled: bool,
    pub auto_analysis_enabled: bool,
    pub email_notifications: bool,
    pub slack_integration: bool,
    pub slack_webhook_url: Option<String>,
    pub audit_logging: bool,
    pub notification_severity: SeverityClass,
    pub session_timeout: u32,
    /// The version that was looked at, 0 for none; refused with the current one when it has moved on.
    #[schema(minimum = 0)]
    pub expected_version: Option<u64>,
}

impl Default for SettingsBody {
    fn default() -> Self {
        Self::from(&OrganizationSettings::default())
    }
}

/// As they are shown: saying it back changes nothing.
impl From<&OrganizationSettings> for SettingsBody {
    fn from(settings: &OrganizationSettings) -> Self {
        Self {
            drift_detection_enabled: settings.drift_detection_enabled,
            auto_analysis_enabled: settings.auto_analysis_enabled,
            email_notifications: settings.email_notifications,
            slack_integration: settings.slack_integration,
            slack_webhook_url: settings.slack_webhook_url.as_ref().map(WebhookUrl::shown),
            audit_logging: settings.audit_logging,
            notification_severity: settings.notification_severity,
            session_timeout: settings.session_timeout,
            expected_version: None,
        }
    }
}

impl SettingsBody {
    /// What holds, for who changes one of them.
    pub fn of(settings: Option<&OrganizationSettings>) -> Self {
        settings.map_or_else(Self::default, Self::from)
    }
}

/// Who knows it can write to the channel: it is shown, logged and serialised without its secret part.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// # Errors
    /// [`AccountsError::Invalid`]: not `https`, without a host, or with a user in it. The text is not repeated.
    pub fn new(text: &str) -> Result<Self, AccountsError> {
        let refuse = |message: &str| Err(AccountsError::invalid("slack_webhook_url", message));
        if text.len() > 2_048 {
            return refuse("has at most 2048 characters");
        }
        let Ok(url) = Url::parse(text.trim()) else { return refuse("is no URL: https://hooks.slack.com/services/…") };
        if url.scheme() != "https" || url.host_str().is_none() {
            return refuse("must begin with https:// and name a host");
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return refuse("must hold no user, password or fragment");
        }
        Ok(Self(url))
    }

    /// The whole of it, for whoever sends there and for the store.
    pub(crate) fn secret(&self) -> &str {
        self.0.as_str()
    }

    /// Which host, and enough to tell one from another.
    pub fn shown(&self) -> String {
        let tag = blake3::derive_key("driftguard 2026-11 tag of a webhook", self.0.as_str().as_bytes());
        format!("https://{}/…#{:02x}{:02x}", self.0.host_str().unwrap_or_default(), tag[0], tag[1])
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Serialize for WebhookUrl {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOOK: &str = "https://hooks.slack.com/services/T000/B000/abcdefghijklmnop";

    fn with(url: &str) -> Result<OrganizationSettings, AccountsError> {
        let body = SettingsBody { slack_webhook_url: Some(url.to_owned()), ..SettingsBody::default() };
        OrganizationSettings::default().replaced(&body, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_webhook_is_checked_and_never_shown_whole() {
        for bad in ["x", "http://hooks.slack.com/a", "https://u:p@hooks.slack.com/a", "file:///etc/passwd", "https://"]
        {
            assert!(with(bad).unwrap_err().to_string().starts_with("slack_webhook_url: "), "{bad}");
        }
        let settings = with(HOOK).unwrap();
        let shown = [serde_json::to_string(&settings).unwrap(), format!("{settings:?}")];
        assert!(shown.iter().all(|text| text.contains("hooks.slack.com") && !text.contains("abcdef")), "{shown:?}");
        assert_eq!(settings.slack(), None, "the switch is needed, too");
    }

    #[test]
    fn settings_said_back_as_they_are_shown_stay() {
        let settings = with(HOOK).unwrap();
        let again = settings.replaced(&SettingsBody::from(&settings), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(OrganizationSettings { version: 2, ..settings }, again, "but for the number of the change");
    }

    #[test]
    fn an_idle_time_nobody_could_work_with_is_refused() {
        let body = SettingsBody { session_timeout: 5, ..SettingsBody::default() };
        let error = OrganizationSettings::default().replaced(&body, Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(error.to_string().starts_with("session_timeout: "), "{error}");
    }
}
