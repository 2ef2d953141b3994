//! Whom the reader asks: the recording of the session's own account and region, or an aggregator of many.

use crate::aws::Session;

#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub session: &'a Session,
    /// `None`: the session's own account and region.
    pub aggregator: Option<&'a str>,
}
