//! Recorded cluster state among the other kinds of recordings.

use super::KubernetesRecording;
use super::objects::Reading;
use crate::declared::recognise::{Content, recognise_bytes};
use crate::drift::SourceError;
use crate::live::documents::plain_documents;
use crate::live::reader::{Reader, Recording};
use crate::live::{LiveResource, LiveSource};

/// `kubectl get` output.
pub struct KubernetesReader;

impl Reader for KubernetesReader {
    fn name(&self) -> &'static str {
        "kubectl get -o json (or yaml) output"
    }

    fn recognises(&self, recording: &Recording) -> bool {
        matches!(recognise_bytes(recording.text.as_bytes()), Content::KubernetesJson | Content::KubernetesYaml)
    }

    fn open(&self, recordings: Vec<Recording>) -> Vec<Box<dyn LiveSource>> {
        vec![Box::new(KubernetesRecording::of(recordings))]
    }

    /// The objects as kubectl understands them. A file that is not all proper objects (a nameless patch, a `Status`) is given
    /// as it is.
    fn documents(&self, recording: Recording) -> Result<Vec<LiveResource>, SourceError> {
        let mut reading = Reading::default();
        reading.file(&recording);
        if reading.errors.is_empty() && reading.failures.is_empty() {
            let all = KubernetesRecording::from_reading(reading, vec![recording.path.clone()]).all();
            if let Some(all) = all.ok().filter(|all| !all.is_empty()) {
                return Ok(all);
            }
        }
        plain_documents(&recording)
    }
}
