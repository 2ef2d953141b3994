//! Rows that were written by a driftguard which did not know all of today's columns.

use std::sync::Arc;

use super::engine::PgEngine;
use crate::store::StoreError;
use crate::store::trees::engine::Tree;

/// `$1` organisation, `$2` how many at most. Of drifts only the few that lack it are read: the index has state and closure.
fn statement(tree: Tree) -> Option<&'static str> {
    match tree {
        Tree::Environments => Some(
            "SELECT key FROM environments WHERE organization_id = $1 AND cloud_provider IS NULL ORDER BY key LIMIT $2",
        ),
        Tree::Events => Some(
            "WITH lacking AS MATERIALIZED (SELECT environment, detected_at FROM drift_events \
             WHERE organization_id = $1 AND state = 'closed' AND closure IS NULL LIMIT $2) \
             SELECT DISTINCT d.key FROM lacking JOIN drift_events AS d USING (environment, detected_at) \
             WHERE d.organization_id = $1 AND d.state = 'closed' AND d.closure IS NULL ORDER BY d.key",
        ),
        _ => None,
    }
}

/// `$1` organisation, `$2` how many at most, `$3` the key before them: each row is looked at once.
const WITHOUT_CAUSE: &str =
    "SELECT key FROM drift_events WHERE organization_id = $1 AND key > $3 AND cause IS NULL ORDER BY key LIMIT $2";

impl PgEngine {
    /// Keys of drifts whose cause and advice are in no column, after a key and in their order.
    pub(in crate::store) fn without_cause(&self, after: Vec<u8>, limit: i64) -> Result<Vec<Vec<u8>>, StoreError> {
        let inner = Arc::clone(&self.inner);
        self.wait(async move {
            let ask = || sqlx::query_scalar(WITHOUT_CAUSE).bind(inner.organization).bind(limit).bind(&after);
            inner.patiently(|| ask().fetch_all(&inner.pool)).await
        })
    }

    /// Keys of some of them; empty when there are none.
    pub(in crate::store) fn lacking_columns(&self, tree: Tree, limit: i64) -> Result<Vec<Vec<u8>>, StoreError> {
        let Some(sql) = statement(tree) else { return Ok(vec![]) };
        let inner = Arc::clone(&self.inner);
        self.wait(async move {
            let ask = || sqlx::query_scalar(sql).bind(inner.organization).bind(limit).fetch_all(&inner.pool);
            inner.patiently(ask).await
        })
    }
}
