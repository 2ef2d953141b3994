//! Talking to AWS, whoever asks: live state, declared state in S3, audit events, stack drift.
//!
//! [`Access`] is what the configuration says of an environment's way in; [`Session`] is that way opened for one account and
//! region; [`Session::call`] is the one door every call goes through, so that limits, counts and faults are the same everywhere.
//! Nothing here writes to AWS, and credentials stay in the SDK.

mod access;
mod breaker;
mod credentials;
mod explain;
mod fault;
mod lane;
mod limiter;
mod pace;
mod retry;
mod runtime;
mod session;
mod usage;

pub use access::Access;
pub use fault::{Fault, FaultKind};
pub use runtime::{Cancelled, block_on};
pub use session::{Service, Session, Target};
pub use usage::{Usage, UsageLine, Used};
