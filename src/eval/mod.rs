//! How well the analysis judges, measured on labelled cases: what `driftguard eval` prints.
//!
//! A case file holds one JSON object a line: `id` (or `case_id`), `resource_type`, `declared`, `actual`, and where known
//! `remembered` (live values that were last accepted; without it the declared ones), `event` or `events` (audit events) and
//! `context` (account, region, aliases). Instead of both sides a case may list `changes` (`path`, `declared`, `actual`).
//! [`predict`] compares, masks and analyses each case as a scan does, and sees no label. [`Gold`] reads the labels of the same
//! line (`severity`, `direction`, `is_security_critical`, `cause`, `actor_type`), and only [`score`] sees both.

mod case;
mod gold;
mod learn;
pub(crate) mod lines;
mod predict;
mod report;
mod score;
mod supposed;
mod train;

pub use case::{Case, CaseError, files_of, read};
pub use gold::Gold;
pub use learn::{Lessons, report as learning_report};
pub use predict::{Prediction, SCHEMA, changes, predict};
pub use report::text;
pub use score::{Scored, score};
pub use supposed::supposed;
pub use train::Row;

#[cfg(test)]
mod tests;
