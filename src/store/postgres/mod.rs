//! The trees in PostgreSQL, for several processes at once and one organisation a handle.
//!
//! Every tree is a table of keys and values; drifts, environments, observations and scans have columns of their own beside the
//! record, filled from it in the same statement. One process at a time has the turn to write ([`turn`]); what it commits moves the
//! organisation's generation by one, and a commit on another generation than the expected is refused: the lock only makes
//! others wait, the generation keeps them apart. The audit log is written in the same transaction, append-only and chained as the
//! [journal](super::journal) is.

mod asked;
mod columns;
mod commit;
mod connect;
mod daily;
mod density;
mod engine;
mod errors;
mod feed;
mod fence;
mod filling;
mod gauges;
mod history;
mod jobs;
mod lacking;
mod link;
mod migrate;
mod pages;
mod pulse;
mod tables;
mod time;
mod trail;
mod turn;

pub(super) use connect::{Database, connect, migrate_now, schema};
pub(super) use engine::PgEngine;
pub(crate) use link::{Again, Link};
pub(super) use pages::Pages;
pub(super) use turn::Found;
