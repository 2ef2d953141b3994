//! A weighted sum of features (ridge regression): blunter than a forest, and surer of what is unlike anything it has seen.

use std::fmt;
use std::str::FromStr;

use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::ridge_regression::{RidgeRegression, RidgeRegressionParameters};

use super::TrainError;

/// The first line of its text.
const HEAD: &str = "driftguard.line/1";

/// How many standard deviations from the mean a feature counts for at most: one odd value must not outweigh all others.
const FAR: f64 = 4.0;

/// A feature: its mean and spread in what was learned from, and what one spread more adds.
#[derive(Clone, PartialEq, Debug)]
struct Term {
    name: String,
    mean: f64,
    spread: f64,
    weight: f64,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    base: f64,
    terms: Vec<Term>,
}

impl Line {
    /// Least squares with the sum of squared weights held down by `alpha`; deterministic. As many targets as rows.
    pub fn fit(features: &[&str], rows: &[Vec<f64>], targets: &[f64], alpha: f64) -> Result<Self, TrainError> {
        if rows.len() != targets.len() || rows.len() <= features.len() || features.is_empty() {
            return Err(TrainError::Nothing);
        }
        if let Some((at, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != features.len()) {
            return Err(TrainError::Row(at, row.len(), features.len()));
        }
        let count = rows.len() as f64;
        let base = targets.iter().sum::<f64>() / count;
        let mut terms: Vec<Term> = features
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let mean = rounded(rows.iter().map(|row| row[at]).sum::<f64>() / count);
                let spread = rounded((rows.iter().map(|row| (row[at] - mean).powi(2)).sum::<f64>() / count).sqrt());
                Term { name: (*name).to_owned(), mean, spread, weight: 0.0 }
            })
            .collect();
        let scaled: Vec<Vec<f64>> =
            rows.iter().map(|row| terms.iter().zip(row).map(|(term, value)| term.scaled(*value)).collect()).collect();
        let failed = |e: &dyn fmt::Display| TrainError::Grow(e.to_string());
        let table = DenseMatrix::from_2d_vec(&scaled).map_err(|e| failed(&e))?;
        let targets: Vec<f64> = targets.iter().map(|target| target - base).collect();
        let parameters = RidgeRegressionParameters::default().with_alpha(alpha).with_normalize(false);
        let fitted = RidgeRegression::fit(&table, &targets, parameters).map_err(|e| failed(&e))?;
        let weights = smartcore::linalg::basic::arrays::Array::iterator(fitted.coefficients(), 0);
        terms.iter_mut().zip(weights).for_each(|(term, weight)| term.weight = rounded(*weight));
        Ok(Self { base: rounded(base), terms })
    }

    /// `row` has one number for each feature.
    pub fn predict(&self, row: &[f64]) -> f64 {
        self.base + self.terms.iter().zip(row).map(|(term, value)| term.weight * term.scaled(*value)).sum::<f64>()
    }

    /// Names of the columns, in order.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|term| term.name.as_str())
    }
}

impl Term {
    /// A feature that never differed tells nothing.
    fn scaled(&self, value: f64) -> f64 {
        if self.spread > 0.0 { ((value - self.mean) / self.spread).clamp(-FAR, FAR) } else { 0.0 }
    }
}

/// To what the text keeps, so that a line read back is the line that was fitted.
fn rounded(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}\nbase {}", self.base)?;
        self.terms.iter().try_for_each(|t| writeln!(f, "{} {} {} {}", t.name, t.mean, t.spread, t.weight))
    }
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        if lines.next().is_none_or(|(_, line)| line != HEAD) {
            return Err(format!("1: expected `{HEAD}`"));
        }
        let number = |at: usize, word: Option<&str>| {
            let number = word.and_then(|word| word.parse::<f64>().ok()).filter(|number| number.is_finite());
            number.ok_or_else(|| format!("{at}: expected a number"))
        };
        let (at, base) = lines.next().ok_or("2: expected the base")?;
        let base = number(at, base.strip_prefix("base "))?;
        let terms = lines.map(|(at, line)| {
            let mut words = line.split(' ');
            let name = words.next().filter(|name| !name.is_empty()).ok_or_else(|| format!("{at}: expected a name"))?;
            let (mean, spread) = (number(at, words.next())?, number(at, words.next())?);
            Ok(Term { name: name.to_owned(), mean, spread, weight: number(at, words.next())? })
        });
        Ok(Self { base, terms: terms.collect::<Result<_, String>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> (Vec<Vec<f64>>, Vec<f64>) {
        let rows: Vec<Vec<f64>> = (0..60).map(|at| vec![f64::from(at % 7), f64::from(at % 2), 3.0]).collect();
        let targets = rows.iter().map(|row| 0.1 * row[0] - 0.5 * row[1] + 1.0).collect();
        (rows, targets)
    }

    #[test]
    fn what_lies_on_a_line_is_found_again_and_a_text_of_it_says_the_same() {
        let (rows, targets) = rows();
        let line = Line::fit(&["a", "b", "same"], &rows, &targets, 1e-6).unwrap();
        for (row, target) in rows.iter().zip(&targets) {
            assert!((line.predict(row) - target).abs() < 1e-3, "{row:?}");
        }
        assert_eq!(line.to_string().parse::<Line>().unwrap(), line);
        // Far away it says no more than at the edge of what is usual.
        assert_eq!(line.predict(&[1e9, 0.0, 3.0]), line.predict(&[1e6, 0.0, 3.0]));
    }

    #[test]
    fn what_is_no_line_is_refused_with_its_place() {
        let (rows, targets) = rows();
        assert!(Line::fit(&["a", "b", "same"], &rows[..3], &targets[..3], 1.0).is_err());
        assert!(Line::fit(&["a"], &rows, &targets, 1.0).is_err());
        for (text, place) in [("x", "1: "), (HEAD, "2: "), ("driftguard.line/1\nbase 1\na 1 NaN 0", "3: ")] {
            assert!(text.parse::<Line>().unwrap_err().starts_with(place), "{text}");
        }
    }
}
