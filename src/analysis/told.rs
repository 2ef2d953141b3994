//! What was told of a drift, found again in the evidence that was kept when a person judged its cause.

use super::cause::features::as_now;
use crate::drift::{Cause, FeatureVector, Probabilities};

/// The cause that the rules named, which are the first columns of the evidence; `None`: they named none, or the evidence is of a
/// version that is not understood any more.
pub fn named_by_rules(evidence: &FeatureVector) -> Option<Cause> {
    let rules = as_now(evidence)?.first_chunk::<6>().copied()?;
    Some(Probabilities::of(rules).likeliest()).filter(|cause| *cause != Cause::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::cause::features::{NAMES, VERSION};

    #[test]
    fn the_first_columns_are_the_rules_in_the_order_of_the_causes() {
        for (cause, name) in Cause::ALL.into_iter().zip(NAMES) {
            assert_eq!(name, format!("rules_{}", cause.as_str()));
            let mut values = vec![0.0; NAMES.len()];
            values[cause.index()] = 0.9;
            let told = named_by_rules(&FeatureVector { version: VERSION, values: values.clone() });
            assert_eq!(told, Some(cause).filter(|cause| *cause != Cause::Unknown));
            assert_eq!(named_by_rules(&FeatureVector { version: 99, values }), None);
        }
    }
}
