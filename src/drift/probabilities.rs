//! How likely each cause is.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Cause, Score};

/// So many parts make a certainty.
const WHOLE: u16 = 10_000;

/// A probability for each [`Cause`], in ten-thousandths; together they are exactly one. In JSON an object of numbers by the
/// cause's word: `{"emergency_fix": 0.08, …}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probabilities([u16; 6]);

impl Probabilities {
    /// In proportion to what is given, in the order of [`Cause::ALL`]. What is negative or no number counts as nothing; of nothing at
    /// all it is `unknown`.
    pub fn of(weights: [f64; 6]) -> Self {
        let weights = weights.map(|weight| if weight.is_finite() { weight.max(0.0) } else { 0.0 });
        let sum: f64 = weights.iter().sum();
        if sum <= 0.0 {
            return Self([0, 0, 0, 0, 0, WHOLE]);
        }
        let exact = weights.map(|weight| weight / sum * f64::from(WHOLE));
        let mut parts = exact.map(|part| part.floor() as u16);
        // What rounding down left over goes to those that lost most by it.
        let mut by_loss = [0, 1, 2, 3, 4, 5];
        by_loss.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()).then(a.cmp(&b)));
        let left = usize::from(WHOLE.saturating_sub(parts.iter().sum()));
        for at in by_loss.into_iter().cycle().take(left) {
            parts[at] += 1;
        }
        Self(parts)
    }

    /// Of one cause, in [0,1].
    pub fn get(&self, cause: Cause) -> f64 {
        f64::from(self.0[cause.index()]) / f64::from(WHOLE)
    }

    /// In the order of [`Cause::ALL`]; they sum to one.
    pub fn all(&self) -> [f64; 6] {
        self.0.map(|parts| f64::from(parts) / f64::from(WHOLE))
    }

    /// The likeliest cause; of equal ones `unknown`, else the first.
    pub fn likeliest(&self) -> Cause {
        let first = Cause::ALL.into_iter().rev().max_by_key(|cause| (self.0[cause.index()], *cause == Cause::Unknown));
        first.unwrap_or(Cause::Unknown)
    }

    /// The probability of the likeliest cause.
    pub fn confidence(&self) -> Score {
        Score::new(self.get(self.likeliest())).unwrap_or(Score::ZERO)
    }

    /// From the likeliest down.
    pub fn ranked(&self) -> [(Cause, f64); 6] {
        let mut ranked = Cause::ALL.map(|cause| (cause, self.get(cause)));
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }
}

impl Serialize for Probabilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Cause::ALL.map(|cause| (cause.as_str(), self.get(cause))))
    }
}

impl<'de> Deserialize<'de> for Probabilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = BTreeMap::<Cause, f64>::deserialize(deserializer)?;
        Ok(Self::of(Cause::ALL.map(|cause| named.get(&cause).copied().unwrap_or(0.0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn they_are_written_by_name_and_read_back_the_same() {
        let some = Probabilities::of([1.0, 1.0, 3.0, 1.0, 1.0, 3.0]);
        let text = serde_json::to_string(&some).unwrap();
        assert!(
            text.starts_with(r#"{"emergency_fix":0.1,"manual_troubleshooting":0.1,"security_response":0.3"#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Probabilities>(&text).unwrap(), some);
        assert_eq!(some.likeliest(), Cause::Unknown, "of two that are alike nobody knows");
        assert_eq!(Probabilities::of([f64::NAN, -1.0, 0.0, 0.0, 0.0, 0.0]).get(Cause::Unknown), 1.0);
    }

    proptest! {
        #[test]
        fn they_sum_to_one_and_the_confidence_is_the_largest(weights in prop::array::uniform6(0.0_f64..1e9)) {
            let some = Probabilities::of(weights);
            let all = some.all();
            prop_assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let most = all.iter().copied().fold(0.0, f64::max);
            prop_assert!((some.confidence().as_f64() - most).abs() <= 0.005 + 1e-9);
            prop_assert_eq!(some.ranked()[0].1, most);
        }
    }
}
