//! Who the store is: `meta.json`, mode 0600, beside the trees so that it outlives them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::files::{io_at, write_durably};

/// Of the store as a whole: layout, trees and keys. Raised when an older driftguard could no longer work on it.
/// 2: records are compressed against a dictionary.
pub(super) const SCHEMA_VERSION: u32 = 2;

/// What never changes in the life of a store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) schema_version: u32,
    /// The oldest driftguard schema that may open it.
    pub(super) min_reader: u32,
    pub(super) store_uuid: String,
    #[serde(with = "hex")]
    pub(super) redaction_key: [u8; 32],
}

/// As much as any version can read.
#[derive(Deserialize)]
struct Version {
    min_reader: u32,
}

fn path(store: &Path) -> PathBuf {
    store.join("meta.json")
}

impl Identity {
    /// Reads it; `None` when the store is new.
    pub(super) fn read(store: &Path) -> Result<Option<Self>, StoreError> {
        let path = path(store);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(io_at(&path)(e)),
        };
        let damaged =
            |e: serde_json::Error| StoreError::Damaged { tree: path.display().to_string(), detail: e.to_string() };
        let found = serde_json::from_slice::<Version>(&text).map_err(damaged)?.min_reader;
        if found > SCHEMA_VERSION {
            return Err(StoreError::Newer { path: store.to_owned(), found, known: SCHEMA_VERSION });
        }
        serde_json::from_slice(&text).map(Some).map_err(damaged)
    }

    /// A new one, with a random key.
    pub(super) fn generate(store: &Path) -> Result<Self, StoreError> {
        let mut random = [0; 48];
        fill_random(&mut random).map_err(io_at(store))?;
        let mut redaction_key = [0; 32];
        redaction_key.copy_from_slice(&random[..32]);
        let store_uuid = uuid_v4(&random[32..]);
        Ok(Self { schema_version: SCHEMA_VERSION, min_reader: SCHEMA_VERSION, store_uuid, redaction_key })
    }

    pub(super) fn write(&self, store: &Path) -> Result<(), StoreError> {
        let path = path(store);
        let text = serde_json::to_vec_pretty(self).map_err(|e| StoreError::Invalid(e.to_string()))?;
        write_durably(&path, &text).map_err(io_at(&path))
    }
}

fn fill_random(buffer: &mut [u8]) -> std::io::Result<()> {
    use std::io::Read;
    std::fs::File::open("/dev/urandom")?.read_exact(buffer)
}

/// RFC 9562, version 4.
fn uuid_v4(random: &[u8]) -> String {
    let mut bytes = random.to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// 32 bytes as 64 hexadecimal digits.
pub(super) mod hex {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::store) fn serialize<S: Serializer>(bytes: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&blake3::Hash::from_bytes(*bytes).to_hex())
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(d)?;
        blake3::Hash::from_hex(text.as_bytes()).map(|h| *h.as_bytes()).map_err(serde::de::Error::custom)
    }
}
