//! A state file, version 4: resources stream out one at a time; what stands around them is read at the end.

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::resource;
use crate::declared::input::{self, io_error, source_error};
use crate::declared::split::Splitter;
use crate::declared::{DeclaredSource, RawDeclared, SourceFacts};
use crate::drift::SourceError;
use crate::safety::Tainted;

const PULL_AGAIN: &str =
    "Fetch it again (`terraform state pull > FILE`); if it is being written just now, the next scan reads it.";

/// One state file.
pub(crate) struct StateFile {
    path: PathBuf,
    name: Arc<Tainted>,
}

impl StateFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        let name = Arc::new(Tainted::from(path.to_string_lossy().into_owned()));
        Self { path, name }
    }

    fn facts(&self, around: &[u8], resources: u64) -> Result<SourceFacts, SourceError> {
        let name = self.name.raw();
        let header: Header = serde_json::from_slice(around)
            .map_err(|error| source_error(name, format!("broken JSON outside the resources: {error}"), PULL_AGAIN))?;
        if header.encrypted {
            return Err(refused_encrypted(name, header.serial.map(|s| s.to_string()), header.lineage));
        }
        match header.version {
            Some(Value::Number(version)) if version.to_string() == "4" => {}
            Some(Value::Number(version)) if version.as_u64().is_some_and(|v| v < 4) => {
                return Err(refused_old(name, &version.to_string()));
            }
            Some(other) => {
                let message = format!("it says it is a Terraform state of version {other}; driftguard reads version 4");
                return Err(source_error(
                    name,
                    message,
                    "Update driftguard, or write the state with a Terraform that uses version 4.",
                ));
            }
            None => {
                let message = "it looks like a Terraform state, but has no `version`";
                return Err(source_error(name, message, PULL_AGAIN));
            }
        }
        if !header.resources_is_list {
            return Err(source_error(name, "`resources` is not a list", PULL_AGAIN));
        }
        if let Some(text) = header.terraform_version.as_ref().filter(|text| !is_version(text)) {
            let message =
                format!("its `terraform_version` is `{text}`, which is no version: Terraform refuses this state, too");
            return Err(source_error(
                name,
                message,
                "Fetch the state again from its backend, or correct `terraform_version`.",
            ));
        }
        let lineage = header.lineage.map(Tainted::from);
        let terraform_version = header.terraform_version.map(Tainted::from);
        let written_at = std::fs::metadata(&self.path).and_then(|about| about.modified()).ok();
        let written_at = written_at.and_then(|at| Timestamp::try_from(at).ok());
        let kind = "terraform state v4";
        Ok(SourceFacts { kind, lineage, serial: header.serial, terraform_version, written_at, resources })
    }
}

impl DeclaredSource for StateFile {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn read(&self, sink: &mut dyn FnMut(RawDeclared) -> ControlFlow<()>) -> Result<SourceFacts, SourceError> {
        let name = self.name.raw();
        let reader = input::open(&self.path).map_err(|error| io_error(name, &error))?;
        let mut resources = 0;
        let around = input::stream(reader, Splitter::new("resources"), &mut |bytes| {
            resources += 1;
            sink(RawDeclared { bytes, source: Arc::clone(&self.name), parse: resource::parse })
        })
        .map_err(|error| error.in_words(name, PULL_AGAIN))?;
        match around {
            Some(around) => self.facts(&around, resources),
            None => Ok(SourceFacts { kind: "terraform state v4", resources, ..SourceFacts::default() }),
        }
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }
}

/// `1.11.4`, `0.12.0`, `1.8.0-beta1`, `1.6.0-dev+abc`; an absent one counts as fine.
fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or(text);
    text.is_empty() || core.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// The error for version 0 to 3.
pub(crate) fn refused_old(source: &str, version: &str) -> SourceError {
    source_error(
        source,
        format!("a Terraform state of version {version}; driftguard reads version 4"),
        "Run `terraform apply -refresh-only` with Terraform 0.15.4 or later: it writes version 4.",
    )
}

/// The error for a state that OpenTofu has encrypted.
pub(crate) fn refused_encrypted(source: &str, serial: Option<String>, lineage: Option<String>) -> SourceError {
    let known: Vec<String> = [serial.map(|s| format!("serial {s}")), lineage.map(|l| format!("lineage {l}"))]
        .into_iter()
        .flatten()
        .collect();
    let known = if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) };
    source_error(
        source,
        format!("a state that OpenTofu has encrypted{known}"),
        "Run `tofu state pull > FILE` where the key is configured, and give that file; keep it as safe as the key.",
    )
}

/// What stands around the resources. Read by hand, because a key that stands twice counts as its last one.
#[derive(Default)]
struct Header {
    version: Option<Value>,
    terraform_version: Option<String>,
    serial: Option<u64>,
    lineage: Option<String>,
    encrypted: bool,
    resources_is_list: bool,
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header { resources_is_list: true, ..Header::default() };
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" => header.version = Some(map.next_value()?),
                "terraform_version" => header.terraform_version = text(map.next_value()?),
                "serial" => header.serial = map.next_value::<Value>()?.as_u64(),
                "lineage" => header.lineage = text(map.next_value()?),
                "resources" => {
                    header.resources_is_list = matches!(map.next_value()?, Value::Array(_) | Value::Null);
                }
                "encrypted_data" | "encryption_version" => {
                    header.encrypted = true;
                    map.next_value::<IgnoredAny>()?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(header)
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}
