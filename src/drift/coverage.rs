//! How much of what the code states was really compared.

use serde::{Deserialize, Serialize};

use super::{Score, UnverifiedReason};

/// Properties with a value on the declared side, by the answer they got. Properties of resources that were ignored as a whole,
/// or that live in the state alone, are not counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
#[serde(default)]
pub struct Coverage {
    /// Compared: drift, hidden or in sync.
    pub verified: u64,
    pub denied: u64,
    pub throttled: u64,
    pub write_only: u64,
    pub not_observable: u64,
    pub unsupported: u64,
    pub never_seen: u64,
    pub source_failed: u64,
    pub unresolved: u64,
}

impl std::ops::AddAssign for Coverage {
    fn add_assign(&mut self, other: Self) {
        self.verified += other.verified;
        for reason in UnverifiedReason::ALL {
            *self.of_mut(reason) += other.of(reason);
        }
    }
}

impl Coverage {
    /// A whole resource that could not be compared, with so many properties.
    pub fn none(reason: UnverifiedReason, properties: u64) -> Self {
        let mut coverage = Self::default();
        *coverage.of_mut(reason) = properties;
        coverage
    }

    /// Of `properties`, those in `unverified` could not be compared.
    pub fn all_but(properties: u64, unverified: impl IntoIterator<Item = (UnverifiedReason, u64)>) -> Self {
        let mut coverage = Self::default();
        for (reason, count) in unverified {
            *coverage.of_mut(reason) += count;
        }
        coverage.verified = properties.saturating_sub(coverage.unverified() + coverage.unsupported);
        coverage
    }

    pub fn of(&self, reason: UnverifiedReason) -> u64 {
        match reason {
            UnverifiedReason::Denied => self.denied,
            UnverifiedReason::Throttled => self.throttled,
            UnverifiedReason::WriteOnly => self.write_only,
            UnverifiedReason::NotObservable => self.not_observable,
            UnverifiedReason::Unsupported => self.unsupported,
            UnverifiedReason::NeverSeen => self.never_seen,
            UnverifiedReason::SourceFailed => self.source_failed,
            UnverifiedReason::Unresolved => self.unresolved,
        }
    }

    fn of_mut(&mut self, reason: UnverifiedReason) -> &mut u64 {
        match reason {
            UnverifiedReason::Denied => &mut self.denied,
            UnverifiedReason::Throttled => &mut self.throttled,
            UnverifiedReason::WriteOnly => &mut self.write_only,
            UnverifiedReason::NotObservable => &mut self.not_observable,
            UnverifiedReason::Unsupported => &mut self.unsupported,
            UnverifiedReason::NeverSeen => &mut self.never_seen,
            UnverifiedReason::SourceFailed => &mut self.source_failed,
            UnverifiedReason::Unresolved => &mut self.unresolved,
        }
    }

    /// For every reason but that no reader knows them.
    pub fn unverified(&self) -> u64 {
        self.reasons().map(|(_, count)| count).sum()
    }

    pub fn total(&self) -> u64 {
        self.verified + self.unverified() + self.unsupported
    }

    /// Reasons why a reader that there is could not tell.
    fn reasons(&self) -> impl Iterator<Item = (UnverifiedReason, u64)> {
        let known = UnverifiedReason::ALL.into_iter().filter(|reason| *reason != UnverifiedReason::Unsupported);
        known.map(|reason| (reason, self.of(reason)))
    }

    /// "verified 93 %, unverified 5 % (denied 2, write-only 3), unsupported 2 %"; `None` when there was nothing to compare.
    pub fn sentence(&self) -> Option<String> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let mut text = format!("verified {} %", percent(self.verified, total));
        let reasons: Vec<String> = self
            .reasons()
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| format!("{} {}", reason.words(), percent(count, total)))
            .collect();
        if !reasons.is_empty() {
            text += &format!(", unverified {} % ({})", percent(self.unverified(), total), reasons.join(", "));
        }
        if self.unsupported > 0 {
            text += &format!(", unsupported {} %", percent(self.unsupported, total));
        }
        Some(text)
    }

    /// `93 %`, `<1 %`; `None` when there was nothing to compare.
    pub fn verified_percent(&self) -> Option<String> {
        (self.total() > 0).then(|| format!("{} %", percent(self.verified, self.total())))
    }

    /// Hundredths of what was verified, rounded as in [`sentence`](Self::sentence).
    pub fn verified_score(&self) -> Score {
        let shown = percent(self.verified, self.total());
        Score::percent(shown.parse().unwrap_or(1))
    }
}

/// Only all is 100, and only nothing is 0.
fn percent(part: u64, total: u64) -> String {
    match u128::from(part) * 100 {
        // Of nothing, nothing.
        0 => "0".to_owned(),
        _ if part >= total => "100".to_owned(),
        hundredfold => match (hundredfold + u128::from(total) / 2) / u128::from(total) {
            0 => "<1".to_owned(),
            rounded => rounded.min(99).to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use UnverifiedReason::{Denied, Unsupported, WriteOnly};

    #[test]
    fn the_sentence_names_every_share_and_its_reasons() {
        let coverage = Coverage::all_but(1000, [(Denied, 20), (WriteOnly, 30), (Unsupported, 20)]);
        assert_eq!(
            coverage.sentence().unwrap(),
            "verified 93 %, unverified 5 % (denied 2, write-only 3), unsupported 2 %"
        );
        assert_eq!(Coverage::all_but(7, []).sentence().unwrap(), "verified 100 %");
        assert_eq!(Coverage::none(Denied, 7).sentence().unwrap(), "verified 0 %, unverified 100 % (denied 100)");
        assert_eq!(Coverage::default().sentence(), None);
    }

    #[test]
    fn only_all_is_100_and_only_nothing_is_0() {
        let one_in_a_million = Coverage::all_but(1_000_000, [(Denied, 1)]);
        assert_eq!(one_in_a_million.sentence().unwrap(), "verified 99 %, unverified <1 % (denied <1)");
        let nearly_nothing = Coverage::all_but(1_000_000, [(Unsupported, 999_999)]);
        assert_eq!(nearly_nothing.sentence().unwrap(), "verified <1 %, unsupported 99 %");
        assert_eq!(percent(u64::MAX - 1, u64::MAX), "99");
    }

    #[test]
    fn sums_keep_every_answer_apart() {
        let mut sum = Coverage::all_but(10, [(Denied, 4)]);
        sum += Coverage::none(WriteOnly, 5);
        assert_eq!((sum.verified, sum.denied, sum.write_only, sum.total()), (6, 4, 5, 15));
    }
}
