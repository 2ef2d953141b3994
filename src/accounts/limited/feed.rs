//! What happens meanwhile.

use tokio::sync::broadcast::{self, error::RecvError};

use super::Limited;
use super::counting::{part_of_progress, part_of_scan};
use super::scope::{Scope, Sight};
use crate::service::ServiceEvent;

/// Events a slow reader may be behind.
const EVENTS: usize = 1024;

impl Limited {
    /// The event as it is told to whoever has these grants; `None` where it is about something else.
    pub async fn told(&self, event: ServiceEvent) -> Option<ServiceEvent> {
        // Only grants by provider have to know which environments there are.
        let knows_places = self.grants.iter().all(|grant| grant.provider.is_none());
        let scope = match knows_places {
            true => Scope::new(self.role, &self.grants, &[]),
            false => self.scope().await.ok()?,
        };
        told(&scope, event)
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<ServiceEvent> {
        let (sender, receiver) = broadcast::channel(EVENTS);
        let (mut events, limited) = (self.service.subscribe(), self.clone());
        tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    event = events.recv() => event,
                    () = sender.closed() => return,
                };
                let told = match event {
                    Ok(event) => limited.told(event).await,
                    Err(RecvError::Lagged(_)) => Some(ServiceEvent::Lost),
                    Err(RecvError::Closed) => return,
                };
                // Nobody listening is no fault.
                told.map(|event| sender.send(event));
            }
        });
        receiver
    }
}

fn told(scope: &Scope<'_>, event: ServiceEvent) -> Option<ServiceEvent> {
    use ServiceEvent as E;
    match event {
        E::Progress(progress) => match scope.sight(&progress.environment) {
            Sight::Nothing => None,
            Sight::Part => Some(E::Progress(part_of_progress(progress))),
            Sight::Whole => Some(E::Progress(progress)),
        },
        E::Scanned(scan) => match scope.sight(&scan.environment) {
            Sight::Nothing => None,
            Sight::Part => Some(E::Scanned(Box::new(part_of_scan(scope, *scan)))),
            Sight::Whole => Some(E::Scanned(scan)),
        },
        E::Drift(event) => scope.reads(&event).then_some(E::Drift(event)),
        E::Updated(event) => scope.reads(&event).then_some(E::Updated(event)),
        E::Looking(looking) => looking.within(|spot| scope.reads_spot(spot)).map(|part| E::Looking(Box::new(part))),
        E::Remediation(one) => {
            scope.reads_type(&one.environment, one.resource_type.raw()).then_some(E::Remediation(one))
        }
        // Words, and about who knows what; and what no server tells.
        E::Notice { .. } | E::Server(_) | E::Waiting(_) => None,
        event @ (E::Environments | E::Lost | E::Rules | E::Contact(_)) => Some(event),
    }
}
