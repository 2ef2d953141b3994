//! How recordings of AWS are recognised and opened.

use super::index::Index;
use super::item::Presence;
use super::mapping::Mapping;
use super::split::{Fact, split};
use super::{AwsConfig, standalone};
use crate::drift::SourceError;
use crate::live::{LiveResource, LiveSource, Reader, Recording};

/// AWS Config recordings and `describe-security-groups` output.
pub struct AwsReader;

impl Reader for AwsReader {
    fn name(&self) -> &'static str {
        "AWS Config snapshots, histories and notifications, batch-get-resource-config and describe-security-groups output"
    }

    fn recognises(&self, recording: &Recording) -> bool {
        is_recording(&recording.text)
    }

    fn open(&self, recordings: Vec<Recording>) -> Vec<Box<dyn LiveSource>> {
        vec![Box::new(AwsConfig::new(recordings))]
    }

    fn documents(&self, recording: Recording) -> Result<Vec<LiveResource>, SourceError> {
        let index = Index::build(vec![recording]);
        if let Some(fault) = index.faults.iter().find(|f| f.types.is_empty()) {
            return Err(fault.into());
        }
        let there = (0..index.len()).filter(|n| index.presence(*n) == Presence::There);
        Ok(there.filter_map(|n| index.item(n, None).ok()).map(|item| standalone(Mapping::built_in(), item)).collect())
    }
}

fn is_recording(text: &str) -> bool {
    if !text.trim_start().starts_with(['{', '[']) {
        return false;
    }
    let (mut found, mut embedded) = (false, None);
    // The pass is ended by the first telling fact; whatever is wrong further on is told when the recording is opened.
    let _ended = split(text, &mut |fact| {
        match fact {
            Fact::NextPage | Fact::Unprocessed(..) => return true,
            Fact::Embedded(text) => embedded = Some(text),
            Fact::Marker | Fact::Snapshot | Fact::Item(..) => found = true,
        }
        false
    });
    found || embedded.is_some_and(|text| is_recording(&text))
}
