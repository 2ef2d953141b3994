//! A number in [0,1] with two decimal places, as severities and confidences are kept.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Hundredths, 0 to 100. Made from a float by rounding half to even; out of range is refused, never clamped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Score(u8);

/// A number outside [0,1].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a score lies between 0 and 1, got {0}")]
pub struct ScoreError(pub f64);

impl Score {
    /// 0.00
    pub const ZERO: Self = Self(0);

    /// From a float in [0,1]; NaN is refused.
    pub fn new(value: f64) -> Result<Self, ScoreError> {
        if (0.0..=1.0).contains(&value) {
            // 0.545 is a little more as a float, and its hundredfold 54.50000000000001: a half is meant.
            let halves = (value * 200.0).round();
            let is_half = (value * 200.0 - halves).abs() < 1e-9;
            let hundredths = if is_half { halves / 2.0 } else { value * 100.0 };
            Ok(Self(hundredths.round_ties_even() as u8))
        } else {
            Err(ScoreError(value))
        }
    }

    /// From hundredths; more than 100 counts as 100. For constants in code and packs.
    pub const fn percent(hundredths: u8) -> Self {
        Self(if hundredths > 100 { 100 } else { hundredths })
    }

    /// Hundredths, 0 to 100.
    pub const fn hundredths(self) -> u8 {
        self.0
    }

    /// As a float.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Score {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(self.as_f64())
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_to_even_and_the_range_is_kept() {
        assert_eq!(Score::new(0.125).unwrap().to_string(), "0.12");
        assert_eq!(Score::new(0.375).unwrap().to_string(), "0.38");
        for hundredth in 0..100_u8 {
            // As it is read from text: most halves are no float, but a little more or less.
            let half: f64 = format!("0.{hundredth:02}5").parse().unwrap();
            assert_eq!(Score::new(half).unwrap().hundredths(), hundredth + hundredth % 2, "{half}");
        }
        assert_eq!([0.544_999, 0.545_001].map(|value| Score::new(value).unwrap().hundredths()), [54, 55]);
        assert_eq!(Score::new(1.0).unwrap().to_string(), "1.00");
        assert!(Score::new(1.001).is_err() && Score::new(-0.1).is_err() && Score::new(f64::NAN).is_err());
    }

    #[test]
    fn a_score_survives_json() {
        let json = serde_json::to_string(&Score::percent(79)).unwrap();
        assert_eq!(json, "0.79");
        assert_eq!(serde_json::from_str::<Score>(&json).unwrap(), Score::percent(79));
    }
}
