//! Lists.

use serde::{Deserialize, Serialize};

use crate::store::Cursor;

/// A page of something.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Listed<T> {
    pub data: Vec<T>,
    pub pagination: Pagination,
}

/// Where a page goes on. Cursors name things, not row numbers: what comes in meanwhile moves nothing.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Pagination {
    /// `None`: there is no more.
    pub next: Option<Cursor>,
    pub previous: Option<Cursor>,
    /// As it was asked for, within bounds.
    pub limit: usize,
    /// It is about an incident, and not all that may belong to that was looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

impl<T> Listed<T> {
    /// Everything there is.
    pub fn whole(data: Vec<T>) -> Self {
        let limit = data.len();
        Self { data, pagination: Pagination { limit, ..Pagination::default() } }
    }
}
