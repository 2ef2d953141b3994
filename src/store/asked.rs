//! Which part of a trail.

use jiff::Timestamp;

use super::Direction;

/// Entries of a trail between two times, both of which belong to it; newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRequest {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Beyond the entry with this number: before it, or with [`Direction::Newer`] after it.
    pub cursor: Option<u64>,
    pub direction: Direction,
    pub limit: usize,
}

impl AuditRequest {
    /// The newest of all.
    pub fn newest(limit: usize) -> Self {
        let (from, until) = (Timestamp::MIN, Timestamp::MAX);
        Self { from, until, cursor: None, direction: Direction::Older, limit }
    }

    /// Whether an entry is one of them, but for the limit.
    pub fn holds(&self, seq: u64, at: Timestamp) -> bool {
        let beyond = self.cursor.is_none_or(|cursor| match self.direction {
            Direction::Older => seq < cursor,
            Direction::Newer => seq > cursor,
        });
        beyond && self.from <= at && at <= self.until
    }
}
