//! How well the comparer does, measured on recorded cases: what `driftguard bench` prints.
//!
//! A case file holds one JSON object a line: `id`, `dialect`, `resource_type`, `declared`, `live`, and where known
//! `remembered` (the live values that were last accepted), `context` (account, region, aliases), `schema` (the facts of the
//! type's published schema) and `expect` (`drift`, `undeclared`, `unverified`: dotted property paths). The comparer sees all
//! but `expect`.

mod case;
mod mutate;
mod report;
mod respell;
mod score;

pub use case::{Case, CaseError, Cases, Expect, read};
pub use mutate::{Mutations, mutate};
pub use report::{BenchReport, json, text};
pub use score::{Failure, Level, Scored, Scores, score};
