//! State that is no file: where Terraform's backends keep it.
//!
//! An [`Address`] says where; its backend fetches the text into memory and the reader of state files reads it there: no copy of
//! a state, which holds secrets in clear, comes to lie on disk. Nothing is locked and nothing is written; who holds the lock is
//! said in a notice of the source.

mod address;
mod body;
mod fetched;
mod http;
mod lock;
mod pg;
pub mod s3;
mod tls;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use address::{Address, is_remote, shown};
pub(crate) use fetched::Fetched;

use super::DeclaredSource;
use super::input::source_error;
use crate::aws::{Access, Usage, block_on};
use crate::drift::SourceError;

/// A larger state is refused.
const MAX_BYTES: u64 = 1 << 30;

/// What a backend gives: each state beneath the address, or why it could not be had.
type Opened = Vec<Result<Box<dyn DeclaredSource>, SourceError>>;

/// With what remote state is reached.
pub struct Reach<'a> {
    /// The environment's AWS; the SDK's own chain when there is none.
    pub aws: Option<&'a Access>,
    /// The environment's region, or empty.
    pub region: &'a str,
    /// Set from outside to stop.
    pub cancel: &'a AtomicBool,
    /// Books what is asked of AWS.
    pub usage: Arc<Usage>,
}

impl Default for Reach<'_> {
    /// What the user's own surroundings give.
    fn default() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { aws: None, region: "", cancel: &NEVER, usage: Arc::default() }
    }
}

/// Fetches what is at the address. Blocks; ends early when the scan is cancelled.
pub(super) fn open(text: &str, reach: &Reach<'_>) -> Opened {
    let address = match Address::parse(text) {
        Ok(address) => address,
        Err(why) => return vec![Err(source_error(&shown(text), why, ADDRESSES))],
    };
    let work = async {
        match &address {
            Address::S3(object) => s3::open(object, reach).await,
            Address::Http(url) => vec![http::open(url).await],
            Address::Pg(table) => vec![pg::open(table).await],
        }
    };
    block_on(reach.cancel, work).unwrap_or_else(|_| {
        vec![Err(source_error(&shown(text), "it was not read: the scan was cancelled", "Scan again."))]
    })
}

/// How addresses are written.
const ADDRESSES: &str = "State lives in files, at s3://BUCKET/KEY, s3://BUCKET/PREFIX/, https://HOST/PATH, or postgres://HOST/DATABASE?schema=SCHEMA&workspace=NAME.";
