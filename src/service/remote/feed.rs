//! Listens to the server for as long as the service lives; where it breaks off it goes on after the last event it saw.

use std::sync::Arc;
use std::time::Duration;

use eventsource_stream::{Event, Eventsource};
use futures_util::stream::{self, Stream, StreamExt};
use jiff::Timestamp;
use reqwest::Response;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::call::Line;
use crate::service::{Contact, ServiceError, ServiceEvent};

/// Before the next try, twice as long each time up to the most.
const FIRST: Duration = Duration::from_millis(250);
const MOST: Duration = Duration::from_secs(30);

/// Goes on from `first`, a feed that is open.
pub(super) async fn listen(
    line: Arc<Line>,
    first: Response,
    events: broadcast::Sender<ServiceEvent>,
    ended: CancellationToken,
) {
    let listening = async {
        let (mut open, mut seen, mut wait) = (Ok(first), None, FIRST);
        let mut heard = Timestamp::now();
        loop {
            let (mut denied, mut said_bye) = (None, false);
            match open {
                Ok(response) => {
                    line.link.feed(Contact::Live);
                    said_bye = follow(response, &events, &mut seen).await;
                    (heard, wait) = (Timestamp::now(), FIRST);
                }
                // Somebody may let us in again, but there is no hurry.
                Err(failure) => match ServiceError::from(failure) {
                    ServiceError::Denied(why) => (denied, wait) = (Some(why), MOST),
                    // Words between two versions that do not go together: the person has to know.
                    ServiceError::Invalid(why) => (denied, wait) = (Some(why), MOST),
                    _ => {}
                },
            }
            // Not all at the same moment, when a server comes back.
            let pause = wait.mul_f64(0.5 + fastrand::f64());
            let again_at = Timestamp::now().checked_add(pause).unwrap_or(Timestamp::MAX);
            match denied {
                Some(why) => line.link.feed(Contact::Denied { why }),
                // Who ends the feed to have it begun anew is there: nobody is missed before that fails.
                None if said_bye => {}
                None => line.link.feed(Contact::Lost { since: heard, again_at }),
            }
            tokio::time::sleep(pause).await;
            wait = (wait * 2).min(MOST);
            open = line.feed(seen.as_deref()).await;
        }
    };
    ended.run_until_cancelled(listening).await;
}

/// Until the connection ends; whether the server said that it would.
async fn follow(response: Response, events: &broadcast::Sender<ServiceEvent>, seen: &mut Option<String>) -> bool {
    let mut told = Box::pin(pieces(response).eventsource());
    let mut said_bye = false;
    while let Some(Ok(event)) = told.next().await {
        said_bye = event.event == "bye";
        // Nobody listening is no fault.
        read(&event).map(|event| events.send(event));
        if !event.id.is_empty() {
            *seen = Some(event.id);
        }
    }
    said_bye
}

/// What an older or newer server tells, and we do not know, is passed over.
fn read(event: &Event) -> Option<ServiceEvent> {
    match event.event.as_str() {
        "reset" => Some(ServiceEvent::Lost),
        "event" => serde_json::from_str(&event.data).ok().filter(is_theirs_to_tell),
        _ => None,
    }
}

fn pieces(response: Response) -> impl Stream<Item = reqwest::Result<impl AsRef<[u8]>>> {
    stream::unfold(response, |mut response| async move {
        let piece = response.chunk().await.transpose()?;
        Some((piece, response))
    })
}

/// What only we know, nobody else can tell us.
fn is_theirs_to_tell(event: &ServiceEvent) -> bool {
    !matches!(event, ServiceEvent::Contact(_) | ServiceEvent::Server(_) | ServiceEvent::Waiting(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(event: &str, data: &str) -> Option<ServiceEvent> {
        read(&Event { event: event.into(), data: data.into(), ..Event::default() })
    }

    #[test]
    fn what_a_newer_server_tells_is_passed_over_and_what_only_we_know_is_not_believed() {
        assert!(told("event", r#"{"of_the_future":{"id":1}}"#).is_none());
        assert!(told("event", r#"{"remediation":{"of_the_future":true}}"#).is_none());
        assert!(told("event", r#"{"server":"https://elsewhere"}"#).is_none());
        assert!(told("bye", "{}").is_none());
        assert!(matches!(told("event", r#""rules""#), Some(ServiceEvent::Rules)));
        assert!(matches!(told("reset", ""), Some(ServiceEvent::Lost)));
    }
}
