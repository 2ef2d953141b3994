//! Recorded cluster state among the other kinds of recordings.

use super::{KubernetesRecording, RecordedText};
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
        KubernetesRecording::recognises(&recording.text)
    }

    fn open(&self, recordings: Vec<Recording>) -> Vec<Box<dyn LiveSource>> {
        let texts = recordings.into_iter().map(|r| RecordedText { path: r.path, text: r.text, modified: r.modified });
        vec![Box::new(KubernetesRecording::from_texts(texts.collect()))]
    }

    fn documents(&self, recording: Recording) -> Result<Vec<LiveResource>, SourceError> {
        plain_documents(&recording)
    }
}
