//! One event, as CloudTrail writes it down.
//!
//! Fields and their spellings: [CloudTrail record contents]. Emulators and exports write booleans as text and times without a
//! zone; both are understood.
//!
//! [CloudTrail record contents]: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Why a text is no event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("an event without {0}")]
    Without(&'static str),
}

/// What is used of an event. Everything in it comes from outside.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Event {
    pub id: String,
    pub time: Timestamp,
    /// `ec2.amazonaws.com`
    pub source: String,
    /// `AuthorizeSecurityGroupIngress`
    pub name: String,
    /// `AwsApiCall`, `AwsServiceEvent`, `AwsConsoleSignIn`, …
    pub event_type: String,
    pub address: String,
    /// Without the brackets that some services put around it.
    pub user_agent: String,
    /// Empty: it was done.
    pub error_code: String,
    pub is_read_only: bool,
    /// The credentials came from a console session.
    pub is_from_console: bool,
    pub identity: Identity,
    pub parameters: Value,
    /// `responseElements`
    pub answer: Value,
}

/// `userIdentity`.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Identity {
    /// `IAMUser`, `AssumedRole`, `Root`, `AWSService`, …
    pub kind: String,
    pub arn: String,
    pub principal_id: String,
    pub account: String,
    pub user_name: String,
    pub invoked_by: String,
    /// Set once at the start of a chain of roles, and kept along it.
    pub source_identity: String,
    pub role: String,
    /// The name whoever assumed the role gave the session.
    pub session: String,
}

impl Event {
    /// Reads the JSON of one event.
    pub fn parse(text: &str) -> Result<Self, EventError> {
        Self::of(&serde_json::from_str(text)?)
    }

    /// Of parsed JSON.
    pub fn of(value: &Value) -> Result<Self, EventError> {
        let text = |name: &str| text_at(value, &format!("/{name}"));
        let name = text("eventName");
        if name.is_empty() {
            return Err(EventError::Without("eventName"));
        }
        let time = moment(&text("eventTime")).ok_or(EventError::Without("a readable eventTime"))?;
        let agent = text("userAgent");
        Ok(Self {
            id: text("eventID"),
            time,
            source: text("eventSource"),
            name,
            event_type: text("eventType"),
            address: text("sourceIPAddress"),
            user_agent: agent.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(&agent).trim().to_owned(),
            error_code: text("errorCode"),
            is_read_only: is_true(value.get("readOnly")),
            is_from_console: is_true(value.get("sessionCredentialFromConsole")),
            identity: Identity::of(value.get("userIdentity").unwrap_or(&Value::Null)),
            parameters: value.get("requestParameters").cloned().unwrap_or_default(),
            answer: value.get("responseElements").cloned().unwrap_or_default(),
        })
    }

    /// Something may be different after it.
    pub fn is_write(&self) -> bool {
        !self.is_read_only && !reads(&self.name)
    }

    /// It was refused or went wrong.
    pub fn has_failed(&self) -> bool {
        !self.error_code.is_empty()
    }
}

impl Identity {
    fn of(value: &Value) -> Self {
        let text = |path: &str| text_at(value, path);
        let arn = text("/arn");
        let (role, session) = match arn.split_once(":assumed-role/").map(|(_, rest)| rest) {
            Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
            None => ("", ""),
        };
        let issuer = text("/sessionContext/sessionIssuer/userName");
        let is_role = !role.is_empty() || text("/sessionContext/sessionIssuer/type") == "Role";
        Self {
            kind: text("/type"),
            principal_id: text("/principalId"),
            account: text("/accountId"),
            user_name: text("/userName"),
            invoked_by: text("/invokedBy"),
            source_identity: text("/sessionContext/sourceIdentity"),
            role: if is_role && !issuer.is_empty() { issuer } else { role.to_owned() },
            session: session.to_owned(),
            arn,
        }
    }
}

/// Older services leave `readOnly` out: then the name tells.
fn reads(name: &str) -> bool {
    ["Describe", "Get", "List", "Head", "Lookup", "BatchGet", "Search", "View"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

fn text_at(value: &Value, path: &str) -> String {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// `2023-07-10T12:15:59Z`, or `2024-10-17 21:48:45.000000000` in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(civil)
}
