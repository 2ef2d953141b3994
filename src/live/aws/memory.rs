//! What earlier scans read, for the next one: items that have not changed since need not be asked for again.
//!
//! An item has to be compared as it is, so it cannot be kept masked as drifts are. Instead it is kept sealed, under a key that
//! never leaves the store (`seal`), and an item in which the redactor finds a secret is not kept at all: only that it was there,
//! and it is read again. Whatever is wrong with a file, it is as if there were none: everything is read.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::items::Item;
use super::proof::Proof;
use super::seal;
use super::target::Key;
use crate::aws::{Access, Target};
use crate::drift::Slug;
use crate::safety::Redactor;

/// Raised when older files can no longer be read.
const VERSION: u32 = 1;
const DIRECTORY: &str = "aws";
/// Compression; the items of one type are much alike.
const LEVEL: i32 = 1;

/// Where what was read is kept: in the store's directory, under the store's key.
#[derive(Clone, Debug)]
pub struct Keeping {
    pub store: PathBuf,
    pub key: [u8; 32],
    /// The store may be written.
    pub write: bool,
}

impl Keeping {
    /// Throws away what is kept of an environment.
    ///
    /// # Errors
    /// The file system's.
    pub fn forget(store: &Path, environment: &Slug) -> std::io::Result<()> {
        match std::fs::remove_dir_all(store.join(DIRECTORY).join(environment.as_str())) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// One file for each account and region of an environment, for each aggregator there, and for each emulator that plays them.
    fn file(&self, environment: &Slug, access: &Access, target: &Target) -> PathBuf {
        let Target { partition, account, region } = target;
        let endpoint = access.endpoint_url.as_deref().unwrap_or_default();
        let aggregator = access.aggregator.as_ref().map_or(String::new(), |name| format!("\n{name}"));
        let name = format!("{partition}\n{account}\n{region}\n{endpoint}{aggregator}");
        let name = blake3::hash(name.as_bytes()).to_hex();
        self.store.join(DIRECTORY).join(environment.as_str()).join(&name[..16])
    }

    pub(super) fn place(&self, environment: &Slug, access: &Access, target: &Target) -> Place {
        Place { file: self.file(environment, access, target), key: self.key, write: self.write }
    }
}

/// The file of one account and region.
pub(super) struct Place {
    file: PathBuf,
    key: [u8; 32],
    write: bool,
}

/// One account and region as it was read.
#[derive(PartialEq, Debug)]
pub(super) struct Memory {
    /// When everything was read last.
    pub full_at: Timestamp,
    /// Scans since then that read only what changed.
    pub since: u32,
    pub types: Types,
}

/// Types that were read whole, with their items; a text that is empty was not kept.
pub(super) type Types = BTreeMap<Arc<str>, (Proof, Vec<Item>)>;

/// After so long everything is read anew,
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// and after so many scans.
const SCANS: u32 = 100;

impl Memory {
    /// Enough to read no more than what changed since.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.full_at);
        self.since < SCANS && age < FRESH && age > -SignedDuration::from_mins(5)
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    full_at: Timestamp,
    since: u32,
}

#[derive(Serialize, Deserialize)]
struct TypeLine {
    name: String,
    items: usize,
    selected: bool,
    whole: bool,
}

/// Before each item's text.
#[derive(Serialize, Deserialize)]
struct ItemLine {
    id: String,
    /// Where it was read from an aggregator.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    account: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    region: String,
    captured: i64,
    state_id: String,
    has_tags: bool,
    /// Where the text is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tags: Option<String>,
}

impl Place {
    /// What is remembered; nothing, if that cannot be read.
    pub fn read(&self) -> Option<Memory> {
        let sealed = std::fs::read(&self.file).ok()?;
        let read = seal::open(&self.key, &sealed).and_then(|packed| unpack(&packed));
        if read.is_none() {
            tracing::warn!(file = %self.file.display(), "what was kept of AWS cannot be read; everything is read anew");
        }
        read
    }

    /// Keeps it in one step. `items` of other types than `types` are left out; both are sorted.
    pub fn write(&self, full_at: Timestamp, since: u32, types: &BTreeMap<Arc<str>, Proof>, items: &[Item]) {
        if !self.write {
            return;
        }
        let redactor = Redactor::new(self.key);
        let packed = pack(&redactor, &Header { version: VERSION, full_at, since }, types, items);
        let kept = packed.and_then(|packed| seal::write(&self.file, &seal::close(&self.key, packed)?));
        if let Err(error) = kept {
            tracing::warn!(file = %self.file.display(), %error, "what was read of AWS is not kept for the next scan");
        }
    }
}

fn pack(
    redactor: &Redactor,
    header: &Header,
    types: &BTreeMap<Arc<str>, Proof>,
    items: &[Item],
) -> std::io::Result<Vec<u8>> {
    let mut out = zstd::Encoder::new(vec![], LEVEL)?;
    line(&mut out, header)?;
    for (name, proof) in types {
        let of =
            items.partition_point(|i| i.key.config_type < *name)..items.partition_point(|i| i.key.config_type <= *name);
        let Proof { selected, whole } = *proof;
        line(&mut out, &TypeLine { name: name.to_string(), items: of.len(), selected, whole })?;
        for item in &items[of] {
            let Item { captured, has_tags, .. } = *item;
            let body = (!item.is_remembered).then(|| serde_json::from_str::<Value>(&item.text).unwrap_or_default());
            let harmless = body.as_ref().is_none_or(|body| is_harmless(redactor, item, body));
            let tags =
                || body.as_ref()?.get("tags").filter(|tags| is_harmless(redactor, item, tags)).map(Value::to_string);
            let tags = if harmless { None } else { tags() };
            let Key { id, account, region, .. } = item.key.clone();
            line(
                &mut out,
                &ItemLine { id, account, region, captured, state_id: item.state_id.clone(), has_tags, tags },
            )?;
            writeln!(out, "{}", if harmless { item.text.as_str() } else { "" })?;
        }
    }
    out.finish()
}

fn line(out: &mut impl Write, row: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    writeln!(out)
}

/// Nothing in it is a secret, as far as the redactor can tell.
fn is_harmless(redactor: &Redactor, item: &Item, value: &Value) -> bool {
    redactor.mask(&item.key.config_type, value, &[]).value() == value
}

fn unpack(packed: &[u8]) -> Option<Memory> {
    let mut lines = Lines(BufReader::new(zstd::Decoder::new(packed).ok()?));
    let header: Header = lines.read()?;
    if header.version != VERSION {
        return None;
    }
    let mut types = BTreeMap::new();
    while let Some(found) = lines.text() {
        let TypeLine { name, items: count, selected, whole } = serde_json::from_str(&found).ok()?;
        let config_type: Arc<str> = name.into();
        let mut items = vec![];
        for _ in 0..count {
            let ItemLine { id, account, region, captured, state_id, has_tags, tags: spare_tags } = lines.read()?;
            let key = Key { config_type: Arc::clone(&config_type), id, account, region };
            let text = lines.text()?;
            items.push(Item { key, captured, state_id, text, has_tags, is_remembered: true, spare_tags });
        }
        types.insert(config_type, (Proof { selected, whole }, items));
    }
    Some(Memory { full_at: header.full_at, since: header.since, types })
}

struct Lines<R>(R);

impl<R: Read> Lines<BufReader<R>> {
    /// The next line; `None` at the end.
    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        if self.0.read_line(&mut text).ok()? == 0 {
            return None;
        }
        text.pop();
        Some(text)
    }

    fn read<T: for<'a> Deserialize<'a>>(&mut self) -> Option<T> {
        serde_json::from_str(&self.text()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(config_type: &Arc<str>, id: &str, body: &Value) -> Item {
        let body = json!({"configurationItemCaptureTime": 1.5, "configurationStateId": "7", "configuration": body.to_string(),
            "tags": {"team": "pay"}});
        Item::new(Key::here(config_type, id), body.as_object().unwrap())
    }

    fn place(directory: &Path) -> Place {
        let keeping = Keeping { store: directory.to_owned(), key: [7; 32], write: true };
        let target = Target { partition: "aws".into(), account: "1".into(), region: "r".into() };
        keeping.place(&Slug::from_text("prod"), &Access::default(), &target)
    }

    #[test]
    fn what_was_read_comes_back_and_secrets_are_not_kept() {
        let home = tempfile::tempdir().unwrap();
        let (place, config_type) = (place(home.path()), Arc::<str>::from("AWS::RDS::DBInstance"));
        let items = [
            item(&config_type, "a", &json!({"dBName": "shop"})),
            item(&config_type, "b", &json!({"masterUserPassword": "correct horse battery staple"})),
        ];
        let proof = Proof { selected: true, whole: false };
        let full_at = Timestamp::from_second(1_795_000_000).unwrap();
        place.write(full_at, 3, &BTreeMap::from([(Arc::clone(&config_type), proof)]), &items);
        let memory = place.read().unwrap();
        assert_eq!((memory.full_at, memory.since), (full_at, 3));
        let (read, kept) = &memory.types[&config_type];
        assert_eq!(*read, proof);
        assert_eq!(kept[0], Item { is_remembered: true, ..items[0].clone() });
        let spare_tags = Some(r#"{"team":"pay"}"#.to_owned());
        let without = Item { is_remembered: true, text: String::new(), spare_tags, ..items[1].clone() };
        assert_eq!(kept[1], without, "it was there");
    }

    #[test]
    fn a_file_that_was_changed_or_is_of_another_store_is_none() {
        let home = tempfile::tempdir().unwrap();
        let place = place(home.path());
        let config_type = Arc::<str>::from("T");
        place.write(
            Timestamp::now(),
            0,
            &BTreeMap::from([(Arc::clone(&config_type), Proof::default())]),
            &[item(&config_type, "needle", &json!({"name": "haystack"}))],
        );
        let bytes = std::fs::read(&place.file).unwrap();
        assert!(!bytes.windows(6).any(|w| w == b"needle"));
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            std::fs::write(&place.file, &broken).unwrap();
            assert_eq!(place.read(), None);
        }
        std::fs::write(&place.file, &bytes[..bytes.len() - 3]).unwrap();
        assert_eq!(place.read(), None);
        std::fs::write(&place.file, &bytes).unwrap();
        assert!(place.read().is_some());
        assert_eq!(Place { key: [8; 32], ..place }.read(), None);
    }
}
