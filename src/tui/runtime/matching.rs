//! All drifts that pass a filter, page by page, without their bodies.

use jiff::Timestamp;

use crate::service::{DriftService, ServiceError};
use crate::store::{Direction, DriftFilter, PageRequest};
use crate::tui::app::msg::Matching;
use crate::tui::app::overlay::Target;

/// More are not decided at once.
const MOST: usize = 10_000;

/// Rows asked for at once.
const PAGE: usize = 500;

/// The newest first, as they stand at `now`.
pub async fn matching(
    service: &dyn DriftService,
    filter: DriftFilter,
    now: Timestamp,
) -> Result<Matching, ServiceError> {
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
    let mut found = Matching::default();
    loop {
        let page = service.drifts(request.clone()).await?;
        found.targets.extend(page.data.iter().map(|event| Target::of(event, now)));
        found.more = found.targets.len() > MOST || (found.targets.len() == MOST && page.next.is_some());
        found.targets.truncate(MOST);
        // A page may be short and yet not the last.
        match page.next.filter(|_| found.targets.len() < MOST) {
            Some(next) => request.cursor = Some(next),
            None => return Ok(found),
        }
    }
}
