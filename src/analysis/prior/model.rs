//! The model that is shipped, a forest and two lines, and how what they say becomes a score.
//!
//! One line was learned from the tables of policy tools, which grade thousands of attributes; what it expects is one more number
//! for the forest and the other line, which were learned from the few hundred drifts that somebody labelled.

use std::fmt::Write;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Evidence;
use crate::drift::{Score, SeverityClass};
use crate::learned::{Forest, Line, cool};

/// What a class counts for in the expected severity; above MEDIUM it rises steeply, so that the score ranks what is HIGH.
pub const WEIGHTS: [f64; 4] = [0.0, 0.25, 1.0, 1.1];

/// Where classes begin on the scale of scores (see [`SeverityClass::of`]), with the ends of the scale.
const SCALE: [f64; 5] = [0.05, 0.30, 0.60, 0.85, 1.0];

/// The shipped forest.
pub const FOREST: &str = include_str!("../../../packs/models/severity.txt");
/// The shipped line.
pub const LINE: &str = include_str!("../../../packs/models/severity-line.txt");
/// The shipped line that was learned from tables.
pub const TOOLS: &str = include_str!("../../../packs/models/severity-tools.txt");
const CARD: &str = include_str!("../../../packs/models/severity.toml");

/// The shipped model; a test proves that it loads and is the one its card names. `None` in a build without one.
pub static MODEL: LazyLock<Option<Model>> = LazyLock::new(|| Model::load([FOREST, LINE, TOOLS], CARD).ok());

/// What is written beside a model.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Of the forest's text, blake3.
    pub hash: String,
    /// Of the line's.
    pub line: String,
    /// Of the text of the line that was learned from tables.
    pub tools: String,
    /// Expected severities from which on it is MEDIUM, HIGH, CRITICAL.
    pub cuts: [f64; 3],
    /// Of the confidence; see [`Model::confidence`].
    pub temperature: f64,
    pub rows: usize,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    pub forest: Forest,
    pub line: Line,
    /// What policy tools would say of such a property, on the scale of [`WEIGHTS`]; from the numbers of [`row`](super::row).
    pub tools: Line,
    pub cuts: [f64; 3],
    /// Of the confidence; see [`Model::confidence`].
    pub temperature: f64,
}

/// Names of the numbers that forest and line were learned from.
pub fn learned_names() -> Vec<String> {
    super::names().into_iter().chain(std::iter::once("tools".to_owned())).collect()
}

impl Model {
    /// From the texts of the forest, the line and the line of the tables, and their card.
    pub fn load([forest, line, tools]: [&str; 3], card: &str) -> Result<Self, String> {
        let line: Line = line.parse().map_err(|e| format!("packs/models/severity-line.txt:{e}"))?;
        let tools: Line = tools.parse().map_err(|e| format!("packs/models/severity-tools.txt:{e}"))?;
        let forest: Forest = forest.parse().map_err(|e| format!("packs/models/severity.txt: {e}"))?;
        let card: Card = toml::from_str(card).map_err(|e| format!("packs/models/severity.toml: {e}"))?;
        if forest.hash() != card.hash {
            return Err("packs/models/severity.txt is not the forest that severity.toml names".to_owned());
        }
        if fingerprint(&line) != card.line {
            return Err("packs/models/severity-line.txt is not the line that severity.toml names".to_owned());
        }
        if fingerprint(&tools) != card.tools {
            return Err("packs/models/severity-tools.txt is not the line that severity.toml names".to_owned());
        }
        let (names, seen) = (learned_names(), super::names());
        if forest.features != names
            || !line.features().eq(names.iter().map(String::as_str))
            || !tools.features().eq(seen.iter().map(String::as_str))
            || forest.classes.len() != WEIGHTS.len()
        {
            return Err("packs/models/severity.txt was trained on other features; train it anew".to_owned());
        }
        Ok(Self { forest, line, tools, cuts: card.cuts, temperature: card.temperature })
    }

    /// The card of this model.
    pub fn card(&self, rows: usize) -> String {
        let mut text = String::from("# Made by `driftguard knowledge train`; do not edit.\n");
        let [medium, high, critical] = self.cuts;
        let _ = writeln!(text, "hash = \"{}\"\nline = \"{}\"", self.forest.hash(), fingerprint(&self.line));
        let _ = writeln!(text, "tools = \"{}\"", fingerprint(&self.tools));
        let _ = writeln!(text, "cuts = [{medium}, {high}, {critical}]\ntemperature = {:?}", self.temperature);
        let _ = writeln!(text, "rows = {rows}");
        text
    }

    /// One number for each of [`learned_names`].
    pub fn numbers(&self, evidence: &Evidence<'_>) -> Vec<f64> {
        let mut row = super::row(evidence);
        row.push(self.tools.predict(&row));
        row
    }

    /// How severe it usually is, from [`Self::numbers`].
    pub fn score(&self, numbers: &[f64]) -> Score {
        scaled(self.expected(numbers), &self.cuts)
    }

    /// How likely graders give this class: the forest's votes, at the temperature that fits rules it was not grown from. Out of bag
    /// it has seen other cases of the same rule, and is surer than it is right.
    pub fn confidence(&self, numbers: &[f64], class: SeverityClass) -> f64 {
        let votes = cool(&self.forest.predict(numbers), self.temperature);
        votes.get(class as usize).copied().unwrap_or_default()
    }

    /// The mean of what the forest and the line expect.
    pub fn expected(&self, numbers: &[f64]) -> f64 {
        ((expected(&self.forest.predict(numbers)) + self.line.predict(numbers)) / 2.0).max(0.0)
    }
}

fn fingerprint(line: &Line) -> String {
    blake3::hash(line.to_string().as_bytes()).to_hex().to_string()
}

/// The expected severity of probabilities over LOW, MEDIUM, HIGH, CRITICAL.
fn expected(probabilities: &[f64]) -> f64 {
    probabilities.iter().zip(WEIGHTS).map(|(p, weight)| p * weight).sum()
}

/// Monotone and piecewise linear: each cut is where its class begins on the scale of scores.
pub fn scaled(expected: f64, cuts: &[f64; 3]) -> Score {
    let [medium, high, critical] = *cuts;
    let ends = [0.0, medium, high, critical, WEIGHTS[3].max(critical + 0.1)];
    let at = ends.windows(2).position(|pair| expected < pair[1]).unwrap_or(SCALE.len() - 2);
    let share = ((expected - ends[at]) / (ends[at + 1] - ends[at]).max(1e-9)).clamp(0.0, 1.0);
    let value = SCALE[at] + share * (SCALE[at + 1] - SCALE[at]);
    // Rounding must not lift it into the next class.
    let top = SeverityClass::WORST_FIRST.len() - 1;
    let score = Score::new(value).unwrap_or_default();
    if at < top { score.min(Score::percent((SCALE[at + 1] * 100.0) as u8 - 1)) } else { score }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_is_the_one_its_card_names() {
        let (forest, line, tools, card) = (FOREST, LINE, TOOLS, CARD);
        let model = Model::load([forest, line, tools], card).unwrap_or_else(|e| panic!("{e}"));
        let bytes = forest.len() + line.len() + tools.len();
        assert!(bytes < 150_000, "{bytes} bytes");
        let spoilt = |line: &str| line.replacen("base 0", "base 1", 1);
        assert!(Model::load([&forest.replacen("=0.", "=0.1", 1), line, tools], card).is_err());
        assert!(Model::load([forest, &spoilt(line), tools], card).is_err());
        assert!(Model::load([forest, line, &spoilt(tools)], card).is_err());
        assert!(model.forest.asked().len() > 20);
    }

    #[test]
    fn the_score_rises_with_the_expected_severity_and_classes_begin_at_the_cuts() {
        let cuts = [0.2, 0.5, 0.8];
        let scores: Vec<Score> = (0..=110).map(|at| scaled(f64::from(at) / 100.0, &cuts)).collect();
        assert!(scores.windows(2).all(|pair| pair[0] <= pair[1]));
        for (expected, class) in
            [(0.1, "LOW"), (0.199, "LOW"), (0.2, "MEDIUM"), (0.499, "MEDIUM"), (0.5, "HIGH"), (0.8, "CRITICAL")]
        {
            assert_eq!(SeverityClass::of(scaled(expected, &cuts)).as_str(), class, "{expected}");
        }
    }
}
