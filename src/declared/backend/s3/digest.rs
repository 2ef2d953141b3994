//! The digest in the lock table: a state that is not the one Terraform wrote last must not be believed.
//!
//! Terraform puts the state's MD5 into the item `<bucket>/<key>-md5` (attribute `Digest`) when it writes the state and refuses a
//! state with another one. S3 answers consistently, but an apply may end between our two questions: then both are asked again.

use std::time::Duration;

use md5::{Digest, Md5};

use super::super::fetched::Fetched;
use super::bucket::Bucket;
use super::fault::Fault;
use super::{locks, notice};

const TRIES: usize = 3;
const BETWEEN: Duration = Duration::from_secs(1);

/// The object, when it is what its digest says; without a lock table, or without a digest in it, as it is.
pub(super) async fn checked(bucket: &Bucket, key: &str) -> Result<Fetched, Fault> {
    let Some(table) = &bucket.table else { return bucket.get(key, None).await };
    let id = format!("{}/{key}-md5", bucket.name);
    let mut mismatch = None;
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(BETWEEN).await;
        }
        let mut fetched = bucket.get(key, None).await?;
        let wanted = match locks::item(bucket, table, &id, "Digest").await {
            Ok(None) => return Ok(fetched),
            Ok(Some(wanted)) => wanted,
            Err(fault) => {
                let words = format!("its digest in the table {table} could not be checked: {fault}; {}", fault.help());
                fetched.notices.push(notice(words));
                return Ok(fetched);
            }
        };
        let found = hex(&Md5::digest(&fetched.bytes));
        if found == wanted {
            return Ok(fetched);
        }
        mismatch = Some(Fault::Digest { table: table.clone(), wanted, found });
    }
    Err(mismatch.unwrap_or(Fault::TooMany(TRIES)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
