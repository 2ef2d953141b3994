//! How recordings of clusters are recognised and opened.

use super::kubernetes::{KubernetesRecording, RecordedText};
use super::{LiveResource, LiveSource, Reader, Recording, documents};
use crate::drift::SourceError;

/// `kubectl get -o json` or `-o yaml` output.
pub struct KubernetesReader;

impl Reader for KubernetesReader {
    fn name(&self) -> &'static str {
        "kubectl get -o json or -o yaml output"
    }

    fn recognises(&self, recording: &Recording) -> bool {
        KubernetesRecording::recognises(&recording.text)
    }

    fn open(&self, recordings: Vec<Recording>) -> Vec<Box<dyn LiveSource>> {
        let text = |r: Recording| RecordedText { path: r.path, text: r.text, modified: r.modified };
        vec![Box::new(KubernetesRecording::from_texts(recordings.into_iter().map(text).collect()))]
    }

    fn documents(&self, recording: Recording) -> Result<Vec<LiveResource>, SourceError> {
        documents::plain_documents(&recording)
    }
}
