//! An analysis is a job of the server's: begun, and waited for.

use std::time::Duration;

use super::RemoteService;
use crate::api::{AnalyzeBody, Job, JobStatus};
use crate::drift::{DriftEvent, DriftId};
use crate::service::{DriftService, ServiceError};

/// Between two looks, twice as long each time up to the most.
const FIRST: Duration = Duration::from_millis(50);
const MOST: Duration = Duration::from_secs(1);
/// It takes well under a second; a server that is busy takes longer.
const LOOKS: usize = 60;

impl RemoteService {
    pub(super) async fn analysed(&self, id: DriftId, body: AnalyzeBody) -> Result<DriftEvent, ServiceError> {
        let mut job: Job = self.post(&format!("drifts/{id}/analyze"), &body).await?;
        let (path, mut pause) = (format!("drifts/{id}/analyze/{}", job.job_id), FIRST);
        for _ in 0..LOOKS {
            match job.status {
                JobStatus::Done => return Ok(self.drift(id).await?.event),
                JobStatus::Failed => return Err(ServiceError::Unavailable(job.error.unwrap_or_default())),
                JobStatus::Queued | JobStatus::Running => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(MOST);
            job = self.line.get(&path, &[]).await?;
        }
        Err(ServiceError::Unavailable("the server still analyses it: look at the drift again in a while".into()))
    }
}
