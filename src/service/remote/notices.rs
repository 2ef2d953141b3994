//! Notifications of the server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::RemoteService;
use crate::api::{Capability, PAGE, Parameter};
use crate::drift::{Notification, NotificationRequest};
use crate::service::ServiceError;

impl RemoteService {
    /// As many as are wanted, page after page; of an older server none.
    pub(super) async fn told_of(&self, request: NotificationRequest) -> Result<Vec<Notification>, ServiceError> {
        if self.missing.what.contains(&Capability::Notifications) {
            return Ok(vec![]);
        }
        let NotificationRequest { unread_by, mut cursor, back, limit } = request;
        let mut all: Vec<Notification> = vec![];
        while all.len() < limit {
            let wanted = (limit - all.len()).min(PAGE);
            let mut asked: Vec<Parameter> = vec![("limit".to_owned(), wanted.to_string())];
            asked.extend(unread_by.as_ref().map(|_| ("unread".to_owned(), "true".to_owned())));
            asked.extend(back.then(|| ("direction".to_owned(), "newer".to_owned())));
            asked.extend(cursor.map(|id| ("cursor".to_owned(), URL_SAFE_NO_PAD.encode(id.to_string()))));
            let page = self.listed::<Notification>("notifications", &asked).await?;
            let (data, more) = match back {
                true => (page.data, page.pagination.previous.is_some()),
                false => (page.data, page.pagination.next.is_some()),
            };
            let nearest = if back { data.first() } else { data.last() };
            cursor = nearest.map(|one| one.id).or(cursor);
            let is_last = !more || data.is_empty();
            all = if back { data.into_iter().chain(all).collect() } else { all.into_iter().chain(data).collect() };
            if is_last {
                break;
            }
        }
        Ok(all)
    }
}
