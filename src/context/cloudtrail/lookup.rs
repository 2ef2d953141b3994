//! LookupEvents, page by page.

use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::event::Event;
use crate::aws::{Fault, FaultKind, Service, Session};

/// Events a page may have.
const PAGE: i32 = 50;
/// Pages read of one name: each takes half a second at least.
const PAGES: usize = 4;

const ACTION: &str = "cloudtrail:LookupEvents";

/// Events about one name in a span, the newest first.
#[derive(Default)]
pub(super) struct Looked {
    pub events: Vec<Event>,
    /// There are ones of before this that were not read.
    pub cut_at: Option<Timestamp>,
}

pub(super) async fn lookup(session: &Session, name: &str, span: (Timestamp, Timestamp)) -> Result<Looked, Fault> {
    let client = session.cloudtrail();
    let attribute = LookupAttribute::builder()
        .attribute_key(LookupAttributeKey::ResourceName)
        .attribute_value(name)
        .build()
        .map_err(|error| fault(error.to_string()))?;
    let mut looked = Looked::default();
    let mut next: Option<String> = None;
    for _ in 0..PAGES {
        let request = client
            .lookup_events()
            .lookup_attributes(attribute.clone())
            .start_time(DateTime::from_secs(span.0.as_second()))
            .end_time(DateTime::from_secs(span.1.as_second()))
            .max_results(PAGE)
            .set_next_token(next.take());
        let answer = session.call(Service::CloudTrail, ACTION, || request.clone().send()).await?;
        for event in answer.events() {
            match event.cloud_trail_event().map(Event::parse) {
                Some(Ok(event)) => looked.events.push(event),
                Some(Err(error)) => tracing::warn!(%error, "an event of CloudTrail was left out"),
                None => {}
            }
        }
        next = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    looked.cut_at = next.map(|_| cut_at(&looked.events, span.1));
    // Emulators answer with more than was asked for.
    looked.events.retain(|event| (span.0..=span.1).contains(&event.time));
    Ok(looked)
}

/// Since when all is known, of pages that more would follow: nothing is where none of their events could be read.
pub(super) fn cut_at(events: &[Event], until: Timestamp) -> Timestamp {
    events.iter().map(|event| event.time).min().unwrap_or(until)
}

fn fault(message: String) -> Fault {
    Fault { kind: FaultKind::Other, action: ACTION, code: String::new(), message }
}
