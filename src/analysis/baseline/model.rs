//! Gamma-Poisson: the rate of a service is gamma distributed around what was counted, the older the less it weighs; the count of a
//! day is negative binomial then (Gelman et al., Bayesian Data Analysis, section 2.6).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{LEARNING_DAYS, LEARNING_INCIDENTS};

/// What a day weighs a day later: half as much after 30 days.
const FORGETTING: f64 = 0.977_159_968_434_245_9;
/// Before anything is known: half an incident in a day.
const PRIOR: (f64, f64) = (0.5, 1.0);
/// A season needs so many days, and incidents that are not forgotten.
const SEASON: (u32, f64) = (28, 20.0);
/// A day of the week is taken to be like the others until it has shown more incidents than this.
const SHRINKAGE: f64 = 2.0;

/// The days that were watched, for all services of an environment.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
pub(super) struct Exposure {
    pub(super) days: u32,
    weight: f64,
    week: [f64; 7],
}

/// What was counted of one service.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
pub(super) struct Baseline {
    incidents: u32,
    weight: f64,
    week: [f64; 7],
}

/// The count of a day, negative binomial.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Predicted {
    shape: f64,
    mean: f64,
    /// The day of the week matters.
    pub(super) is_seasonal: bool,
}

impl Exposure {
    /// Long enough watched to say what is usual.
    pub(super) fn is_ready(&self, baseline: &Baseline) -> bool {
        self.days >= LEARNING_DAYS || baseline.incidents >= LEARNING_INCIDENTS
    }

    /// Days that are not forgotten.
    #[cfg(test)]
    pub(super) fn weight(&self) -> f64 {
        self.weight
    }

    pub(super) fn learn(&mut self, day: Date) {
        self.days = self.days.saturating_add(1);
        self.weight = self.weight * FORGETTING + 1.0;
        self.week.iter_mut().for_each(|weight| *weight *= FORGETTING);
        self.week[weekday(day)] += 1.0;
    }
}

impl Baseline {
    /// `counted` is what it takes for usual of what there was.
    pub(super) fn learn(&mut self, day: Date, counted: u32, incidents: u32) {
        self.incidents = self.incidents.saturating_add(incidents);
        self.weight = self.weight * FORGETTING + f64::from(counted);
        self.week.iter_mut().for_each(|weight| *weight *= FORGETTING);
        self.week[weekday(day)] += f64::from(counted);
    }

    /// So many incidents were learnt from.
    pub(super) fn incidents(&self) -> u32 {
        self.incidents
    }

    /// What a day may count, or so many of them together. The rate is not known and the same on all of them, so the sum is negative
    /// binomial with the shape of one day: wider than that of days which know nothing of each other.
    pub(super) fn predicted(&self, exposure: &Exposure, day: Date, days: u32) -> Predicted {
        let shape = PRIOR.0 + self.weight;
        let rate = shape / (PRIOR.1 + exposure.weight);
        let is_seasonal = exposure.days >= SEASON.0 && self.weight >= SEASON.1;
        let at = weekday(day);
        let factor =
            if is_seasonal { (self.week[at] + SHRINKAGE) / (exposure.week[at] * rate + SHRINKAGE) } else { 1.0 };
        let days = f64::from(days);
        Predicted { shape, mean: rate * factor * days, is_seasonal }
    }

    /// What these days may count together if things go on as they did, each by its day of the week.
    pub(super) fn forecast(&self, exposure: &Exposure, days: impl Iterator<Item = Date>) -> Predicted {
        let days: Vec<Predicted> = days.map(|day| self.predicted(exposure, day, 1)).collect();
        let mean = days.iter().map(|day| day.mean).sum();
        Predicted { shape: PRIOR.0 + self.weight, mean, is_seasonal: days.iter().any(|day| day.is_seasonal) }
    }
}

impl Predicted {
    /// How likely at least `count` is.
    pub(super) fn at_least(&self, count: u32) -> f64 {
        let below: f64 = self.probabilities().take(usize::try_from(count).unwrap_or(usize::MAX)).sum();
        (1.0 - below).max(0.0)
    }

    /// The least count that a part `q` of the days does not pass.
    pub(super) fn quantile(&self, q: f64) -> u32 {
        let mut sum = 0.0;
        let at = self.probabilities().take(100_000).position(|one| {
            sum += one;
            sum >= q
        });
        super::count(at.unwrap_or(100_000))
    }

    pub(super) fn mean(&self) -> f64 {
        self.mean
    }

    /// Of 0, 1, 2, …; by logarithms, for the first may be smaller than any number.
    fn probabilities(&self) -> impl Iterator<Item = f64> {
        let Self { shape, mean, .. } = *self;
        let odds = (mean / (shape + mean)).ln();
        let first = shape * (shape / (shape + mean)).ln();
        let next = move |(k, log): &(f64, f64)| Some((k + 1.0, log + odds + ((shape + k) / (k + 1.0)).ln()));
        std::iter::successors(Some((0.0, first)), next).map(|(_, log)| log.exp())
    }
}

fn weekday(day: Date) -> usize {
    usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_as_likely_as_the_negative_binomial_says() {
        // Shape 2, mean 3: scipy.stats.nbinom(2, 0.4).
        let predicted = Predicted { shape: 2.0, mean: 3.0, is_seasonal: false };
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
        near(predicted.at_least(0), 1.0);
        near(predicted.at_least(1), 0.84);
        near(predicted.at_least(5), 0.23328);
        assert_eq!((predicted.quantile(0.05), predicted.quantile(0.95)), (0, 8));
        // A large one does not vanish.
        let large = Predicted { shape: 5_000.0, mean: 5_000.0, is_seasonal: false };
        assert!(large.at_least(4_000) > 0.999 && large.at_least(6_000) < 1e-9);
    }

    #[test]
    fn half_is_forgotten_after_thirty_days() {
        assert!((FORGETTING.powi(30) - 0.5).abs() < 1e-12);
    }
}
