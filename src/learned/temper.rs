//! Temperature scaling: one number that makes probabilities as sure as they are right.

/// Least probability a class is given, so that one surprise does not weigh infinitely.
const LEAST: f64 = 1e-3;

/// The probabilities at this temperature; 1 leaves them as they are, but for the least each class is given.
pub fn cool(probabilities: &[f64], temperature: f64) -> Vec<f64> {
    let powers: Vec<f64> = probabilities.iter().map(|p| p.max(LEAST).powf(1.0 / temperature)).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// The temperature at which the right classes are the most likely, between 0.25 and 4; 1 for no rows. Give it probabilities of
/// rows that were not trained on.
pub fn temperature(probabilities: &[Vec<f64>], labels: &[usize]) -> f64 {
    let surprise = |temperature: f64| -> f64 {
        let rows = probabilities.iter().zip(labels);
        rows.map(|(row, label)| -cool(row, temperature).get(*label).copied().unwrap_or(LEAST).ln()).sum()
    };
    if labels.is_empty() {
        return 1.0;
    }
    // Fine enough for two decimals; in powers, since 0.5 and 2 are as far from 1.
    let candidates = (-20..=20).map(|step| 4f64.powf(f64::from(step) / 20.0));
    candidates.min_by(|a, b| surprise(*a).total_cmp(&surprise(*b))).unwrap_or(1.0)
}
