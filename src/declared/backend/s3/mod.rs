//! The s3 backend: an object, every state beneath a prefix, or an older version of an object.

mod bucket;
mod digest;
mod fault;
mod locks;
pub mod permissions;
mod versions;

pub use versions::{Version, versions};

use futures_util::StreamExt;

use self::bucket::{Bucket, Object};
use self::fault::Fault;
use super::address::{Pick, S3Address};
use super::fetched::Fetched;
use super::{Opened, Reach};
use crate::aws::block_on;
use crate::declared::DeclaredSource;
use crate::declared::input::source_error;
use crate::drift::SourceError;
use crate::safety::Tainted;

/// States that are fetched at once; the limits of the session hold besides.
const AT_ONCE: usize = 8;
/// States beneath one prefix.
const MAX_STATES: usize = 2_000;

pub(super) async fn open(address: &S3Address, reach: &Reach<'_>) -> Opened {
    let bucket = Bucket::open(address, reach).await;
    if !address.is_prefix() {
        return vec![one(&bucket, address, &address.key).await];
    }
    match beneath(&bucket, address).await {
        Ok(keys) => {
            let each = keys.iter().map(|key| one(&bucket, address, key));
            futures_util::stream::iter(each).buffered(AT_ONCE).collect().await
        }
        Err(error) => vec![Err(error)],
    }
}

/// The keys of all states beneath a prefix, for people to choose from. Blocks.
pub fn keys(address: &S3Address, reach: &Reach<'_>) -> Result<Vec<String>, SourceError> {
    let work = async { beneath(&Bucket::open(address, reach).await, address).await };
    let name = address.name(&address.key);
    let cancelled = |_| source_error(&name, "the bucket was not listed: cancelled", "Ask again.");
    block_on(reach.cancel, work).map_err(cancelled)?
}

/// The keys of all states beneath the prefix. Too many are an error: half of them would make the rest look deleted.
async fn beneath(bucket: &Bucket, address: &S3Address) -> Result<Vec<String>, SourceError> {
    let name = address.name(&address.key);
    let in_words = |fault: Fault| fault.in_words(&name, bucket, &address.key);
    let objects = bucket.list(&address.key).await.map_err(in_words)?;
    let states: Vec<&Object> = objects.iter().filter(|object| is_state(&object.key)).collect();
    if states.is_empty() {
        let message = format!("none of the {} objects beneath it is a *.tfstate", objects.len());
        return Err(source_error(&name, message, "Check the prefix, or name the object itself: s3://BUCKET/KEY."));
    }
    let bytes: u64 = states.iter().map(|object| object.size).sum();
    if states.len() > MAX_STATES || bytes > super::MAX_BYTES {
        let message = format!("{} states with {} MiB lie beneath it", states.len(), bytes >> 20);
        let help = format!(
            "At most {MAX_STATES} states and {} MiB are read at once: make several environments of longer prefixes.",
            super::MAX_BYTES >> 20
        );
        return Err(source_error(&name, message, help));
    }
    Ok(states.into_iter().map(|object| object.key.clone()).collect())
}

/// Terraform names an object as it is told; but nobody who keeps other things beside states leaves the ending out.
fn is_state(key: &str) -> bool {
    [".tfstate", ".tfstate.json", ".tfstate.gz"].iter().any(|end| key.ends_with(end))
}

async fn one(bucket: &Bucket, address: &S3Address, key: &str) -> Result<Box<dyn DeclaredSource>, SourceError> {
    let name = address.name(key);
    let fetched = fetch(bucket, address, key).await.map_err(|fault| fault.in_words(&name, bucket, key))?;
    fetched.source(&name)
}

async fn fetch(bucket: &Bucket, address: &S3Address, key: &str) -> Result<Fetched, Fault> {
    let version = match &address.pick {
        Pick::Latest => return latest(bucket, key).await,
        Pick::Version(id) => id.clone(),
        Pick::Serial(serial) => versions::with_serial(bucket, key, *serial).await?,
    };
    bucket.get(key, Some(&version)).await
}

/// The object as it is, checked against the digest where there is a lock table, with the lock as a notice.
async fn latest(bucket: &Bucket, key: &str) -> Result<Fetched, Fault> {
    let (fetched, lock) = futures_util::future::join(digest::checked(bucket, key), locks::lock(bucket, key)).await;
    match fetched {
        Ok(mut fetched) => {
            fetched.notices.extend(lock.map(|lock| lock.notice()));
            Ok(fetched)
        }
        // Who is at it explains more than the fault alone.
        Err(fault) => Err(match lock {
            Some(lock) if fault.is_of_the_state() => Fault::Locked { fault: Box::new(fault), lock: lock.words() },
            _ => fault,
        }),
    }
}

/// Worth knowing about a state that was read all the same.
fn notice(words: String) -> Tainted {
    Tainted::from(words)
}
