//! A recording cannot hold what was made after it: then "not in it" says nothing.
//!
//! What is missing in a recording is called deleted when it was there before: its own creation time lies before the recording, the
//! store saw it live once, or the recording itself says that it was deleted. It is unverified, and named, when its creation time
//! lies after the recording (or so shortly before that its source may not have it yet), or when nothing of this is known and the state was written well after the recording was put here.
//! Only times of one clock are compared: creation with capture (both the cloud's), file with file (both this machine's). A state
//! that was fetched later than it was written has the time of the fetch, like the recording beside it; files fetched together
//! are therefore no evidence.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;

use super::Sources;
use crate::declared::DeclaredResource;

/// Files whose times lie closer together were fetched by the same job.
const TOGETHER: Duration = Duration::from_secs(10 * 60);

/// Attributes in which providers keep when a resource was made.
const CREATED: [&str; 8] = [
    "creation_date",
    "create_date",
    "created_date",
    "created_at",
    "creation_time",
    "create_time",
    "created_time",
    "creation_timestamp",
];

/// When the files of a scan were written.
pub(super) struct Recency {
    /// By the name of the declared source.
    declared: HashMap<String, SystemTime>,
    /// By the position of the live source.
    live: Vec<Option<SystemTime>>,
    /// By the position of the live source.
    lag: Vec<Duration>,
}

impl Recency {
    pub fn of(sources: &Sources) -> Self {
        let declared = sources.declared.iter();
        Self {
            declared: declared.filter_map(|s| Some((s.name().raw().to_owned(), newest(s.watch_paths())?))).collect(),
            live: sources.live.iter().map(|s| newest(s.watch_paths())).collect(),
            lag: sources.live.iter().map(|s| s.lag()).collect(),
        }
    }

    /// Why a resource that is missing in the listing of `listed_at` may have been made after it; `None` when it was not.
    pub fn made_later(&self, declared: &DeclaredResource, live: usize, listed_at: Timestamp) -> Option<String> {
        if let Some(created) = created(&declared.values) {
            let lag = self.lag.get(live).copied().unwrap_or_default();
            let later = listed_at.checked_sub(lag).is_ok_and(|known| created > known);
            return later.then(|| match lag {
                Duration::ZERO => format!("made at {created}, after the recording of {listed_at}; record again"),
                _ => format!("made at {created}, shortly before it was looked for at {listed_at}; scan again"),
            });
        }
        let state = self.declared.get(declared.source.raw())?;
        let recording = self.live.get(live).copied().flatten()?;
        let later = state.duration_since(recording).is_ok_and(|by| by > TOGETHER);
        later.then(|| {
            format!(
                "not in the recording of {listed_at}, never seen before, and its state was written later; record again"
            )
        })
    }
}

fn newest(paths: Vec<PathBuf>) -> Option<SystemTime> {
    let times = paths.iter().filter_map(|path| std::fs::metadata(path).ok());
    times.filter(std::fs::Metadata::is_file).filter_map(|meta| meta.modified().ok()).max()
}

fn created(values: &Value) -> Option<Timestamp> {
    CREATED.iter().find_map(|name| values.get(*name)?.as_str()?.parse().ok())
}
