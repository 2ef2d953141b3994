//! Opens recordings: finds the files, asks the readers whose they are, and hands each reader all of its files at once.

use super::LiveSource;
use super::aws_config::AwsReader;
use super::files::expand;
use super::kubernetes::KubernetesReader;
use super::reader::{Reader, Recording, source_error};
use crate::declared::fault::json_fault;
use crate::drift::SourceError;

/// Every kind of recording, the most telling first. A new reader is one line here.
pub(super) fn readers() -> &'static [&'static dyn Reader] {
    &[&AwsReader, &KubernetesReader]
}

/// Opens files, directories and globs of recorded live state. All recordings of one kind become one source, so that several
/// snapshots and histories complete each other. Files that cannot be used are errors; the others are opened all the same.
pub fn open(patterns: &[String]) -> (Vec<Box<dyn LiveSource>>, Vec<SourceError>) {
    let (files, mut errors) = expand(patterns);
    let mut sorted: Vec<Vec<Recording>> = readers().iter().map(|_| vec![]).collect();
    for file in files {
        match Recording::load(&file) {
            Ok(recording) => match readers().iter().position(|r| r.recognises(&recording)) {
                Some(reader) => sorted[reader].push(recording),
                None => errors.push(unknown(&recording)),
            },
            Err(error) => errors.push(error),
        }
    }
    let sources = readers().iter().zip(sorted).filter(|(_, recordings)| !recordings.is_empty());
    (sources.flat_map(|(reader, recordings)| reader.open(recordings)).collect(), errors)
}

/// Says what stands in a file that no reader knows.
pub(super) fn unknown(recording: &Recording) -> SourceError {
    let known: Vec<&str> = readers().iter().map(|r| r.name()).collect();
    let help = format!("driftguard reads {}", known.join("; "));
    let text = recording.text.trim_start();
    let found = match text.as_bytes() {
        _ if recording.broken.is_some() => recording.broken.clone().unwrap_or_default(),
        [] => "is empty".to_owned(),
        [b'{', ..] if text.contains("\"terraform_version\"") => {
            let help = "declared state goes to --state";
            return source_error(&recording.path, "is a Terraform state or plan, not live state", help);
        }
        [b'{' | b'[', ..] => match json_fault(recording.text.as_bytes()) {
            None => format!("is JSON of an unknown kind, it begins with {}", head(text)),
            Some(fault) => {
                let help =
                    format!("record it again: it was cut off while it was written or copied, or edited since; {help}");
                return source_error(&recording.path, &fault, &help);
            }
        },
        _ => format!("is no recording, it begins with {}", head(text)),
    };
    source_error(&recording.path, &found, &help)
}

fn head(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(6).collect();
    words.join(" ").chars().take(60).collect()
}
