//! What the provider says itself: `terraform providers schema -json`, or `tofu`.
//!
//! It is asked in a directory of its own with the lock file and the providers of the configuration. So nothing of the configuration is
//! evaluated, no backend is reached, no lock of a state is taken, and nothing is downloaded: that command installs no provider.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Known;
use crate::program::{self, Silence};

/// The largest providers answer within a few seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest schema known says 30 MB.
const MOST: u64 = 256 << 20;
const LOCK: &str = ".terraform.lock.hcl";

/// What the provider of a type says of it, where the directory `root` is initialised.
///
/// # Errors
/// A sentence: why it cannot be asked, or gave no answer.
pub(super) fn known(root: &Path, resource_type: &str) -> Result<Known, String> {
    let shown = crate::safety::sanitise::line(&root.to_string_lossy());
    let providers = data_directory(root).join("providers");
    let lock = fs::read_to_string(root.join(LOCK)).ok().filter(|_| providers.is_dir());
    let lock = lock.ok_or_else(|| format!("the provider can be asked once `terraform init` was run in {shown}"))?;
    let sources = sources(&lock, resource_type);
    if sources.is_empty() {
        return Err(format!("{shown}/{LOCK} names no provider: run `terraform init` there"));
    }
    let failed = |why: std::io::Error| format!("the provider could not be asked: {why}");
    let place = tempfile::tempdir().map_err(failed)?;
    prepare(place.path(), &providers, &lock, &sources).map_err(failed)?;
    let is_tofu = sources.iter().any(|source| source.starts_with("registry.opentofu.org/"));
    let programs = if is_tofu { ["tofu", "terraform"] } else { ["terraform", "tofu"] };
    let text =
        programs.iter().map(|name| (*name, ask(name, place.path()))).find(|(_, said)| *said != Err(Silence::NotThere));
    match text {
        Some((_, Ok(text))) => parsed(&text, resource_type),
        Some((name, Err(Silence::Failed))) => {
            Err(format!("{name} could not tell: see what `{name} providers schema -json` says in {shown}"))
        }
        Some((name, Err(_))) => Err(format!("{name} took too long to tell")),
        None => Err("neither terraform nor tofu is installed here to ask the provider".into()),
    }
}

/// Documentation of Terraform, "Environment Variables": `TF_DATA_DIR`.
fn data_directory(root: &Path) -> PathBuf {
    root.join(std::env::var_os("TF_DATA_DIR").filter(|name| !name.is_empty()).unwrap_or_else(|| ".terraform".into()))
}

/// Source addresses of the providers that may have the type: those of its first word, else all.
fn sources(lock: &str, resource_type: &str) -> Vec<String> {
    let Ok(body) = super::super::file::parse(lock) else { return vec![] };
    let labels = body.get_blocks("provider").filter_map(|block| block.labels.first());
    let all: Vec<String> = labels.map(|label| label.as_str().to_owned()).collect();
    let word = resource_type.split('_').next().unwrap_or_default();
    let own = all.iter().filter(|source| source.rsplit('/').next() == Some(word)).cloned().collect::<Vec<_>>();
    if own.is_empty() { all } else { own }
}

/// A configuration of nothing but these providers.
fn prepare(place: &Path, providers: &Path, lock: &str, sources: &[String]) -> std::io::Result<()> {
    let required: serde_json::Map<String, Value> =
        sources.iter().enumerate().map(|(at, source)| (format!("p{at}"), json!({"source": source}))).collect();
    fs::write(place.join("driftguard.tf.json"), json!({"terraform": {"required_providers": required}}).to_string())?;
    fs::write(place.join(LOCK), lock)?;
    fs::create_dir(place.join(".terraform"))?;
    symlink(fs::canonicalize(providers)?, place.join(".terraform/providers"))
}

fn ask(name: &str, place: &Path) -> Result<Vec<u8>, Silence> {
    let mut command = Command::new(name);
    command.args(["providers", "schema", "-json"]).current_dir(place);
    for (name, _) in std::env::vars_os() {
        let is_setting = name.to_str().is_some_and(|name| name.starts_with("TF_") && name != "TF_CLI_CONFIG_FILE");
        if is_setting {
            command.env_remove(name);
        }
    }
    command.env("TF_INPUT", "0").env("TF_IN_AUTOMATION", "1").env("CHECKPOINT_DISABLE", "1");
    program::ask(&mut command, PATIENCE, MOST)
}

/// <https://developer.hashicorp.com/terraform/cli/commands/providers/schema>
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    provider_schemas: HashMap<String, OfProvider<'a>>,
}

#[derive(Deserialize)]
struct OfProvider<'a> {
    /// Nearly all of it is about other types.
    #[serde(borrow, default)]
    resource_schemas: HashMap<String, &'a RawValue>,
}

#[derive(Deserialize)]
struct OfType {
    block: Block,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Block {
    attributes: HashMap<String, Attribute>,
    block_types: HashMap<String, Nested>,
    deprecated: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Attribute {
    /// A name, or a list of a name and what is inside.
    r#type: Value,
    nested_type: Option<Objects>,
    required: bool,
    optional: bool,
    deprecated: bool,
}

#[derive(Deserialize)]
struct Objects {
    #[serde(default)]
    attributes: HashMap<String, Attribute>,
}

#[derive(Deserialize)]
struct Nested {
    nesting_mode: String,
    #[serde(default)]
    block: Block,
    #[serde(default)]
    min_items: u64,
}

fn parsed(text: &[u8], resource_type: &str) -> Result<Known, String> {
    let wrong = |why: serde_json::Error| format!("what the provider's schema says cannot be read: {why}");
    let said: Said<'_> = serde_json::from_slice(text).map_err(wrong)?;
    let raw = said.provider_schemas.values().find_map(|provider| provider.resource_schemas.get(resource_type));
    let raw = raw.ok_or_else(|| format!("the providers of the configuration have no {resource_type}"))?;
    let whole: OfType = serde_json::from_str(raw.get()).map_err(wrong)?;
    let mut known = Known::default();
    known.block(&whole.block, "");
    Ok(known)
}

impl Known {
    fn block(&mut self, block: &Block, above: &str) {
        self.attributes(&block.attributes, above);
        for (name, nested) in &block.block_types {
            let place = format!("{above}{name}");
            // Those of a map have labels, which a state does not tell apart from names.
            if nested.nesting_mode == "map" {
                continue;
            }
            if nested.min_items > 0 {
                self.required.insert(place.clone());
            }
            if nested.block.deprecated {
                self.deprecated.insert(place.clone());
            }
            self.block(&nested.block, &format!("{place}."));
            self.blocks.insert(place);
        }
    }

    fn attributes(&mut self, attributes: &HashMap<String, Attribute>, above: &str) {
        for (name, one) in attributes {
            let place = format!("{above}{name}");
            if !one.required && !one.optional {
                self.computed.insert(place);
                continue;
            }
            if one.required {
                self.required.insert(place.clone());
            }
            if one.deprecated {
                self.deprecated.insert(place.clone());
            }
            match (&one.nested_type, objects_of(&one.r#type)) {
                (Some(nested), _) => self.attributes(&nested.attributes, &format!("{place}.")),
                // Documentation of Terraform, "Attributes as Blocks": such may be written as blocks, and then need not say everything.
                (None, Some(objects)) => {
                    self.objects(objects, &place);
                    continue;
                }
                (None, None) => {}
            }
            self.attributes.insert(place);
        }
    }

    fn objects(&mut self, objects: &serde_json::Map<String, Value>, place: &str) {
        self.blocks.insert(place.to_owned());
        for (name, kind) in objects {
            let below = format!("{place}.{name}");
            match objects_of(kind) {
                Some(inner) => self.objects(inner, &below),
                None => drop(self.attributes.insert(below)),
            }
        }
    }
}

/// `["list", ["object", {…}]]`, or a set of such.
fn objects_of(kind: &Value) -> Option<&serde_json::Map<String, Value>> {
    let inner = match kind.as_array()?.as_slice() {
        [outer, inner] if outer == "list" || outer == "set" => inner.as_array()?,
        _ => return None,
    };
    match inner.as_slice() {
        [object, fields] if object == "object" => fields.as_object(),
        _ => None,
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
