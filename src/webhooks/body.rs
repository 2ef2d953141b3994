//! What is sent: JSON with a version, in which nothing is a secret or obeyed by a terminal.

use serde::Serialize;

use crate::drift::{Notification, Slug};
use crate::store::Outgoing;

/// What is added leaves it as it is.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Body<'a> {
    version: u32,
    delivery: String,
    organization: &'a Slug,
    notification: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    id: String,
    kind: &'static str,
    priority: &'static str,
    environment: &'a Slug,
    subject: String,
    message: String,
    created_at: jiff::Timestamp,
    drift: Option<Drift>,
}

#[derive(Serialize)]
struct Drift {
    id: String,
    drift_type: &'static str,
    resource_type: String,
    resource_id: String,
    regressions: u32,
}

/// The same however often it is sent.
pub(super) fn body(organization: &Slug, one: &Outgoing) -> Vec<u8> {
    let told = told(&one.notification);
    let body = Body { version: VERSION, delivery: one.delivery.to_string(), organization, notification: told };
    serde_json::to_vec(&body).unwrap_or_default()
}

fn told(one: &Notification) -> Told<'_> {
    let drift = one.drift.as_ref().map(|drift| Drift {
        id: drift.id.to_string(),
        drift_type: drift.drift_type.as_str(),
        resource_type: drift.resource_type.line(),
        resource_id: drift.resource_id.line(),
        regressions: drift.regressions,
    });
    Told {
        id: one.id.to_string(),
        kind: one.kind.as_str(),
        priority: one.priority.as_str(),
        environment: &one.environment,
        subject: one.subject.line(),
        message: one.message.line(),
        created_at: one.created_at,
        drift,
    }
}
