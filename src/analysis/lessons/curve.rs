//! From which probability on what is told was right often enough.

use super::rounded;
use crate::drift::CoveragePoint;
use crate::learned::measure::{calibration_error, wilson_at};

/// What it says must be right so often.
const RIGHT: f64 = 0.90;
/// Standard errors below what was measured, where the lower end of its interval is: one-sided, 95 %.
const DOWN: f64 = 1.645;
/// What is not likelier than not is not told; in hundredths.
const TOLD: u8 = 50;
/// Never sure enough.
pub(super) const NEVER: f64 = 1.01;

/// What was told of one label.
#[derive(Clone, Copy)]
pub(super) struct Told {
    pub sure: f64,
    pub is_right: bool,
    /// It is some cause, not that nobody knows.
    pub is_cause: bool,
    /// The rules say the same.
    pub is_seconded: bool,
}

impl Told {
    fn is_named(&self, threshold: f64) -> bool {
        self.is_cause && (self.is_seconded || self.sure >= threshold)
    }
}

/// Of what is named.
pub(super) fn error_of_named(told: &[Told], threshold: f64) -> f64 {
    let named = told.iter().filter(|one| one.is_named(threshold));
    rounded(calibration_error(&named.map(|one| (one.sure, one.is_right)).collect::<Vec<_>>()))
}

/// How many causes are named as surely as that, and how many of them are right.
fn from(threshold: f64, told: &[Told]) -> (usize, usize) {
    let sure = || told.iter().filter(|one| one.is_cause && one.sure >= threshold);
    (sure().count(), sure().filter(|one| one.is_right).count())
}

fn steps() -> impl DoubleEndedIterator<Item = f64> {
    (4..=19).map(|step| f64::from(step) / 20.0)
}

pub(super) fn curve(told: &[Told]) -> Vec<CoveragePoint> {
    let at = |threshold: f64| {
        let (count, right) = from(threshold, told);
        CoveragePoint {
            threshold,
            coverage: rounded(count as f64 / told.len().max(1) as f64),
            accuracy: if count == 0 { 0.0 } else { rounded(right as f64 / count as f64) },
        }
    };
    steps().map(at).collect()
}

/// The lowest from which on it is right often enough, also if it was lucky.
pub(super) fn threshold(told: &[Told]) -> f64 {
    let is_good = |threshold: &f64| {
        let (count, right) = from(*threshold, told);
        wilson_at(right, count, DOWN).0 >= RIGHT
    };
    (TOLD..=99).map(|step| f64::from(step) / 100.0).find(is_good).unwrap_or(NEVER)
}
