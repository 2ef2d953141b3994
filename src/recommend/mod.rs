//! From analysis and policy to recommendations.

use crate::analysis::Facts;
use crate::drift::{Analysis, Recommendation};

/// At least one recommendation, the most urgent first.
pub fn recommend(_facts: &Facts<'_>, _analysis: &Analysis) -> Vec<Recommendation> {
    vec![]
}
