//! Who changed things in the sample world: events as CloudTrail writes them, judged as any others.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::context::cloudtrail::{Event, rank, window};
use crate::drift::{DriftEvent, Who};
use crate::service::ServiceError;

pub fn who(event: &DriftEvent) -> Result<Who, ServiceError> {
    let kind = event.resource.resource_type.raw();
    if !kind.starts_with("aws_") {
        let slug = &event.environment;
        return Err(ServiceError::Invalid(format!("{slug} is read without AWS, so there is no audit trail to ask")));
    }
    let (from, until) = window(event.detected_at, event.detected_at.checked_sub(SignedDuration::from_mins(5)).ok());
    let at = event.detected_at.checked_sub(SignedDuration::from_secs(150)).unwrap_or_default();
    let events = if kind.starts_with("aws_security_group") { vec![by_hand(at), by_pipeline(at)] } else { vec![] };
    let events: Vec<Event> = events.iter().filter_map(|event| Event::of(event).ok()).collect();
    let found = rank(&events, &event.changes, event.drift_type);
    let asked = event.resource.provider_id.clone().into_iter().collect();
    Ok(Who { from, until, asked, found, more: 0, failed: 0, is_cut: false })
}

fn by_hand(at: jiff::Timestamp) -> Value {
    json!({
        "eventID": "7a1c0f52-93e4-4b8e-8f0e-2d6b5c1a9e77", "eventTime": at, "eventSource": "ec2.amazonaws.com",
        "eventName": "AuthorizeSecurityGroupIngress", "eventType": "AwsApiCall", "readOnly": false,
        "sourceIPAddress": "203.0.113.45", "sessionCredentialFromConsole": "true",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/145.0",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Operator_0123456789abcdef/bob@example.com",
        },
        "requestParameters": {"groupId": "sg-0a1b2c3d4e5f67890"},
    })
}

fn by_pipeline(at: jiff::Timestamp) -> Value {
    json!({
        "eventID": "e0b2d9c4-5c3f-4f0a-9d0e-6f3b8a7c1d21", "eventTime": at, "eventSource": "ec2.amazonaws.com",
        "eventName": "CreateTags", "eventType": "AwsApiCall", "readOnly": false, "sourceIPAddress": "198.51.100.7",
        "userAgent": "APN/1.0 HashiCorp/1.0 Terraform/1.14.0 (+https://www.terraform.io) aws-sdk-go-v2/1.40.0",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/deploy/GitHubActions"},
    })
}
