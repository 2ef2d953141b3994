//! What it takes up.

use super::engine::PgEngine;

impl PgEngine {
    /// Connections in use, and waiting for use.
    pub(in crate::store) fn pool_use(&self) -> (u32, u32) {
        let pool = &self.inner.pool;
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        (pool.size().saturating_sub(idle), idle)
    }
}
