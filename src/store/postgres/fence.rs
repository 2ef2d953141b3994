//! What a scan found is written by whoever has the scan. A process that was frozen, and wakes when another one has taken its scan,
//! finds its claim gone in the very transaction that would write.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use sqlx::postgres::PgConnection;

use super::engine::{Inner, PgEngine};
use crate::drift::Slug;
use crate::store::Claim;

/// The environment, and the number of the claim on its scan.
#[derive(Clone, Debug)]
pub(super) struct Fence {
    pub(super) environment: Slug,
    claim: i64,
}

impl PgEngine {
    /// What is written from now on is of a scan of this environment; of none in particular, once the turn has ended.
    pub(in crate::store) fn fence(&self, environment: Option<&Slug>) {
        *self.inner.fence.lock().unwrap_or_else(PoisonError::into_inner) = environment.cloned();
    }
}

impl Inner {
    pub(super) fn claims(&self) -> MutexGuard<'_, BTreeMap<Slug, i64>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn gave_back(&self, claim: &Claim) {
        let mut claims = self.claims();
        if claims.get(&claim.environment) == Some(&claim.number) {
            claims.remove(&claim.environment);
        }
    }

    /// What has to hold for what is written now; `None` for what is of no scan, or of one that nobody had to take.
    pub(super) fn fenced(&self) -> Option<Fence> {
        let environment = self.fence.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let claim = *self.claims().get(&environment)?;
        Some(Fence { environment, claim })
    }

    /// Whether the scan is still this process's; it stays so until the transaction ends.
    pub(super) async fn holds(&self, step: &mut PgConnection, fence: &Fence) -> sqlx::Result<bool> {
        let sql = "SELECT claim FROM scan_jobs WHERE organization_id = $1 AND environment = $2 AND claim = $3 AND worker = $4 \
                   FOR SHARE";
        let query = sqlx::query_scalar::<_, i64>(sql).bind(self.organization).bind(fence.environment.as_str());
        Ok(query.bind(fence.claim).bind(&self.process).fetch_optional(step).await?.is_some())
    }
}
