//! What others know about properties: which policy tools grade them and how severely, which controls name them, whether they
//! move the bill, what changing them back interrupts, and whether practitioners expect them to change outside of code.
//!
//! The tables lie in `packs/knowledge/*.tsv`, each with its sources and licences in its first lines, and are made by
//! [`build`](build()) from rows that others wrote. [`of`] answers for one property of one type.

mod answer;
mod build;
mod disruptions;
mod lookup;
mod sibling;
mod tables;

pub use answer::{Framework, Grade, Grader, Known, Near};
pub use build::{BuildError, build};
pub use disruptions::build as disruptions;
pub use lookup::{expected_to_change_in, of};
pub use tables::PACKS;

use crate::drift::path::{Step, parse};

/// A path as the tables spell it: keys only, lower case without `_` and `-`, so that every provider's spelling is one.
pub fn normal(path: &str) -> String {
    let keys = parse(path).0.into_iter().filter_map(|step| match step {
        Step::Key(key) => Some(key),
        _ => None,
    });
    let keys = keys.filter(|key| key != "*" && !key.bytes().all(|b| b.is_ascii_digit()));
    let bare = |key: String| key.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect();
    keys.map(bare).collect::<Vec<String>>().join(".")
}

#[cfg(test)]
mod tests;
