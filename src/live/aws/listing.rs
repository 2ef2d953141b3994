//! Which resources of a type there are.

use aws_sdk_config::types::ResourceType;

use super::target::Key;
use crate::aws::{Fault, Service, Session};

/// A page holds at most a hundred ([API reference, ListDiscoveredResources]).
///
/// [API reference, ListDiscoveredResources]: https://docs.aws.amazon.com/config/latest/APIReference/API_ListDiscoveredResources.html
pub(super) const PAGE: i32 = 100;

/// What was listed, up to a fault if there was one.
pub(super) struct Listing {
    pub keys: Vec<Key>,
    pub fault: Option<Fault>,
}

/// All pages. `deleted_too`: also what AWS Config remembers to have been deleted.
pub(super) async fn list(session: &Session, config_type: &str, deleted_too: bool) -> Listing {
    let client = session.config();
    let (mut keys, mut token): (Vec<Key>, Option<String>) = (vec![], None);
    loop {
        let request = client
            .list_discovered_resources()
            .resource_type(ResourceType::from(config_type))
            .limit(PAGE)
            .include_deleted_resources(deleted_too)
            .set_next_token(token.take());
        let page = match session.call(Service::Config, "config:ListDiscoveredResources", || request.send()).await {
            Ok(page) => page,
            Err(fault) => return Listing { keys, fault: Some(fault) },
        };
        let is_there =
            |r: &&aws_sdk_config::types::ResourceIdentifier| deleted_too || r.resource_deletion_time().is_none();
        let found = page.resource_identifiers().iter().filter(is_there);
        keys.extend(found.filter_map(|r| r.resource_id()).map(|id| Key {
            config_type: config_type.to_owned(),
            id: id.to_owned(),
            account: String::new(),
            region: String::new(),
        }));
        match page.next_token().filter(|t| !t.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return Listing { keys, fault: None },
        }
    }
}
