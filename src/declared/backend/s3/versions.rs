//! The versions a bucket keeps of a state.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use futures_util::StreamExt;
use jiff::Timestamp;

use super::super::Reach;
use super::super::address::S3Address;
use super::AT_ONCE;
use super::bucket::{Bucket, Entry};
use super::fault::Fault;
use crate::aws::block_on;
use crate::declared::input::source_error;
use crate::declared::split::Splitter;
use crate::drift::SourceError;
use crate::safety::Tainted;

/// Terraform writes version, serial and lineage first.
const START_BYTES: usize = 4096;
/// Versions looked through for a serial.
const SEARCHED: usize = 1_000;

/// One version of a state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// S3's id of it; `null` in a bucket without versioning.
    pub id: Tainted,
    pub written_at: Option<Timestamp>,
    pub bytes: u64,
    pub is_latest: bool,
    /// It says that the state was deleted then.
    pub is_deletion: bool,
    /// `None`: it is no state, or could not be read.
    pub serial: Option<u64>,
    pub terraform_version: Option<Tainted>,
}

/// Versions of one state, newest first. Blocks.
pub fn versions(address: &S3Address, reach: &Reach<'_>, limit: usize) -> Result<Vec<Version>, SourceError> {
    let name = address.name(&address.key);
    if address.is_prefix() {
        return Err(source_error(&name, "versions belong to one object", "Name its key in full."));
    }
    let work = async {
        let bucket = Bucket::open(address, reach).await;
        let listed = list(&bucket, &address.key, limit).await;
        listed.map_err(|fault| fault.in_words(&name, &bucket, &address.key))
    };
    let cancelled = |_| source_error(&name, "the versions were not read: cancelled", "Ask again.");
    let listed = block_on(reach.cancel, work).map_err(cancelled)??;
    if listed.is_empty() {
        return Err(source_error(&name, "there is no such object", "Check the bucket and the key."));
    }
    Ok(listed)
}

async fn list(bucket: &Bucket, key: &str, limit: usize) -> Result<Vec<Version>, Fault> {
    let entries = bucket.versions(key, limit).await?;
    let each = entries.iter().map(|entry| read(bucket, key, entry));
    // One that cannot be read is listed without its serial.
    Ok(futures_util::stream::iter(each).buffered(AT_ONCE).map(|(version, _)| version).collect().await)
}

async fn read(bucket: &Bucket, key: &str, entry: &Entry) -> (Version, Option<Fault>) {
    let wanted = !entry.is_deletion && entry.size > 0;
    let (about, fault) = match wanted {
        true => match bucket.start(key, &entry.id, START_BYTES).await {
            Ok(start) => (About::of(&start), None),
            Err(fault) => (About::default(), Some(fault)),
        },
        false => (About::default(), None),
    };
    let version = Version {
        id: Tainted::from(entry.id.as_str()),
        written_at: entry.written_at,
        bytes: entry.size,
        is_latest: entry.is_latest,
        is_deletion: entry.is_deletion,
        serial: about.serial,
        terraform_version: about.terraform_version.map(Tainted::from),
    };
    (version, fault)
}

/// The id of the newest version with the serial.
pub(super) async fn with_serial(bucket: &Bucket, key: &str, serial: u64) -> Result<String, Fault> {
    let entries = bucket.versions(key, SEARCHED).await?;
    let (mut serials, mut unread) = (BTreeSet::new(), None);
    let mut looked = futures_util::stream::iter(entries.iter().map(|entry| read(bucket, key, entry))).buffered(AT_ONCE);
    while let Some((version, fault)) = looked.next().await {
        if version.serial == Some(serial) {
            return Ok(version.id.raw().to_owned());
        }
        serials.extend(version.serial);
        unread = unread.or(fault);
    }
    // The wanted one may be one that could not be read.
    if let Some(fault) = unread {
        return Err(fault);
    }
    let known = match (serials.first(), serials.last()) {
        (Some(first), Some(last)) => format!("; they go from {first} to {last}"),
        _ => String::new(),
    };
    Err(Fault::NoSerial { serial, versions: entries.len(), known })
}

/// What the start of a state says.
#[derive(Default)]
struct About {
    serial: Option<u64>,
    terraform_version: Option<String>,
}

impl About {
    fn of(start: &[u8]) -> Self {
        let mut splitter = Splitter::new("");
        // It is cut off by intent, and what is broken says nothing.
        let _ = splitter.feed(start, &mut |_| ControlFlow::Continue(()));
        let text = splitter.scalar("terraform_version").map(|text| text.trim_matches('"').to_owned());
        Self { serial: splitter.scalar("serial").and_then(|text| text.parse().ok()), terraform_version: text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serial_is_read_from_the_start_alone() {
        let about = About::of(
            b"{\n  \"version\": 4,\n  \"terraform_version\": \"1.11.4\",\n  \"serial\": 42,\n  \"lineage\": \"3e",
        );
        assert_eq!((about.serial, about.terraform_version.as_deref()), (Some(42), Some("1.11.4")));
        assert_eq!(About::of(b"hello").serial, None);
    }
}
