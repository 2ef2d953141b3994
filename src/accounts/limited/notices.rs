//! Notifications: of what is about a drift that is seen, and of what is about an environment that is seen whole.

use super::Limited;
use super::scope::{Scope, Sight};
use crate::drift::{Notification, NotificationId, NotificationRequest};
use crate::service::ServiceError;

/// Asked for at once, and times that is done for one answer.
const PAGE: usize = 500;
const PAGES: usize = 20;

fn is_seen(scope: &Scope<'_>, one: &Notification) -> bool {
    match &one.drift {
        Some(drift) => scope.reads_type(&one.environment, drift.resource_type.raw()),
        None => scope.sight(&one.environment) == Sight::Whole,
    }
}

impl Limited {
    /// Asked for in pages, until there is enough that is shown; with bounded work, for what is left out shows nothing of itself.
    pub(super) async fn notifications_seen(
        &self,
        mut request: NotificationRequest,
    ) -> Result<Vec<Notification>, ServiceError> {
        let scope = self.scope().await?;
        let (mut seen, limit) = (vec![], request.limit);
        request.limit = PAGE;
        for _ in 0..PAGES {
            let mut found = self.service.notifications(request.clone()).await?;
            let is_last = found.len() < PAGE;
            if request.back {
                found.reverse();
            }
            request.cursor = found.last().map(|one| one.id).or(request.cursor);
            seen.extend(found.into_iter().filter(|one| is_seen(&scope, one)));
            if is_last || seen.len() >= limit {
                break;
            }
        }
        seen.truncate(limit);
        if request.back {
            seen.reverse();
        }
        Ok(seen)
    }

    pub(super) async fn notification_seen(&self, id: NotificationId) -> Result<Notification, ServiceError> {
        let scope = self.scope().await?;
        let one = self.service.notification(id).await?;
        let missing = || ServiceError::NotFound(format!("there is no notification {id}"));
        is_seen(&scope, &one).then_some(one).ok_or_else(missing)
    }

    pub(super) async fn may_resend(&self, id: NotificationId) -> Result<(), ServiceError> {
        let one = self.notification_seen(id).await?;
        match one.drift {
            Some(drift) => self.may_act_on(drift.id).await,
            None => {
                let scope = self.scope().await?;
                self.allowed(scope.acts_on_all(&one.environment)).await
            }
        }
    }
}
