//! Growing a forest with smartcore.

use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::forest::{Forest, shares};
use super::temper::temperature;
use super::tree::Tree;

/// How large a forest grows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Growth {
    /// Trees for each class.
    pub trees: u16,
    pub depth: u16,
    /// Fewest rows in a leaf.
    pub leaf: usize,
    /// Features looked at for each question; `None` is the root of their number.
    pub looked_at: Option<usize>,
    pub seed: u64,
}

impl Default for Growth {
    fn default() -> Self {
        Self { trees: 60, depth: 8, leaf: 3, looked_at: None, seed: 1 }
    }
}

/// A forest, and how it does on rows it was not grown from.
#[derive(Clone, Debug)]
pub struct Trained {
    pub forest: Forest,
    /// For each row the probabilities of the trees that did not see it, at the forest's temperature.
    pub out_of_bag: Vec<Vec<f64>>,
}

/// Why nothing could be learned.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("there is nothing to learn from: no rows, no features, or fewer than two classes")]
    Nothing,
    #[error("row {0} has {1} numbers for {2} features, or a class that is not among them")]
    Row(usize, usize, usize),
    #[error("growing the forest failed: {0}")]
    Grow(String),
}

/// One forest per class on 0/1 targets; deterministic for a seed. `labels` are positions in `classes`.
pub fn train(
    features: &[&str],
    classes: &[&str],
    rows: &[Vec<f64>],
    labels: &[usize],
    growth: &Growth,
) -> Result<Trained, TrainError> {
    if rows.is_empty() || features.is_empty() || classes.len() < 2 || rows.len() != labels.len() {
        return Err(TrainError::Nothing);
    }
    for (at, (row, label)) in rows.iter().zip(labels).enumerate() {
        if row.len() != features.len() || *label >= classes.len() {
            return Err(TrainError::Row(at, row.len(), features.len()));
        }
    }
    let table = DenseMatrix::from_2d_vec(&rows.to_vec()).map_err(|e| TrainError::Grow(e.to_string()))?;
    let grown: Vec<(Vec<Tree>, Vec<f64>)> =
        (0..classes.len()).map(|class| grow(&table, labels, class, growth)).collect::<Result<_, _>>()?;
    let base: Vec<f64> = (0..classes.len())
        .map(|class| labels.iter().filter(|label| **label == class).count() as f64 / labels.len() as f64)
        .collect();
    // A row that every tree has seen has no vote of its own; the frequencies of the classes stand in.
    let vote = |row: usize, class: usize| grown[class].1.get(row).copied().filter(|v| v.is_finite());
    let votes: Vec<Vec<f64>> = (0..rows.len())
        .map(|row| shares(&(0..classes.len()).map(|c| vote(row, c).unwrap_or(base[c])).collect::<Vec<_>>()))
        .collect();
    let temperature = (temperature(&votes, labels) * 100.0).round() / 100.0;
    let forest = Forest {
        features: features.iter().map(|name| (*name).to_owned()).collect(),
        classes: classes.iter().map(|name| (*name).to_owned()).collect(),
        temperature,
        trees: grown.into_iter().map(|(trees, _)| trees).collect(),
    };
    let out_of_bag = votes.iter().map(|row| super::cool(row, temperature)).collect();
    Ok(Trained { forest, out_of_bag })
}

/// The trees of one class, and what they say of each row out of bag.
fn grow(
    table: &DenseMatrix<f64>,
    labels: &[usize],
    class: usize,
    growth: &Growth,
) -> Result<(Vec<Tree>, Vec<f64>), TrainError> {
    let failed = |why: &dyn std::fmt::Display| TrainError::Grow(why.to_string());
    let target: Vec<f64> = labels.iter().map(|label| f64::from(u8::from(*label == class))).collect();
    let parameters = RandomForestRegressorParameters {
        max_depth: Some(growth.depth),
        min_samples_leaf: growth.leaf,
        min_samples_split: 2 * growth.leaf,
        n_trees: usize::from(growth.trees),
        m: growth.looked_at,
        keep_samples: true,
        seed: growth.seed,
    };
    let forest = RandomForestRegressor::fit(table, &target, parameters).map_err(|e| failed(&e))?;
    let out_of_bag: Vec<f64> = forest.predict_oob(table).map_err(|e| failed(&e))?;
    let kept = serde_json::to_value(&forest).map_err(|e| failed(&e))?;
    let trees = kept.pointer("/forest_regressor/trees").and_then(serde_json::Value::as_array);
    let trees = trees.and_then(|trees| trees.iter().map(Tree::of_smartcore).collect());
    trees.map(|trees| (trees, out_of_bag)).ok_or_else(|| failed(&"the library keeps its trees in another form now"))
}
