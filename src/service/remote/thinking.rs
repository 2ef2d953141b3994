//! An analysis that the server makes: asked for, and waited for.

use std::time::Duration;

use super::RemoteService;
use crate::api::{AnalyzeBody, Job, JobStatus};
use crate::drift::{DriftEvent, DriftId};
use crate::safety::Tainted;
use crate::service::{DriftService, ServiceError};

/// Between two questions how far it is.
const PAUSE: Duration = Duration::from_millis(100);
/// Questions at most: an analysis takes milliseconds, and half a minute when many are asked for.
const QUESTIONS: usize = 600;

impl RemoteService {
    pub(super) async fn analyse_there(&self, id: DriftId, said: Option<Tainted>) -> Result<DriftEvent, ServiceError> {
        let path = format!("drifts/{id}/analyze");
        let mut job: Job = self.post(&path, &AnalyzeBody { context: said }).await?;
        for _ in 0..QUESTIONS {
            match job.status {
                JobStatus::Done => return Ok(self.drift(id).await?.event),
                JobStatus::Failed => {
                    let why = job.error.unwrap_or_else(|| "the server does not say why".to_owned());
                    return Err(ServiceError::Unavailable(format!("the analysis failed: {why}")));
                }
                JobStatus::Queued | JobStatus::Running => tokio::time::sleep(PAUSE).await,
            }
            job = self.line.get(&format!("{path}/{}", job.job_id), &[]).await?;
        }
        Err(ServiceError::Unavailable("the analysis takes too long: look at the drift again in a while".to_owned()))
    }
}
