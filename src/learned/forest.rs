//! Many trees that vote, and how sure they are together.

use super::temper::cool;
use super::tree::Tree;

/// A classifier: for each class as many trees, which say how much of it there is.
#[derive(Clone, PartialEq, Debug)]
pub struct Forest {
    /// Names of the columns, in order.
    pub features: Vec<String>,
    pub classes: Vec<String>,
    /// Above 1 it is less sure than its votes, below 1 surer; see [`temperature`](super::temperature).
    pub temperature: f64,
    /// By class.
    pub(super) trees: Vec<Vec<Tree>>,
}

impl Forest {
    /// A probability for each class, in their order; they sum to one. `row` has one number for each feature.
    pub fn predict(&self, row: &[f64]) -> Vec<f64> {
        let votes: Vec<f64> = self.trees.iter().map(|trees| mean(trees, row)).collect();
        cool(&shares(&votes), self.temperature)
    }

    /// A fingerprint of everything in it: 64 hexadecimal digits.
    pub fn hash(&self) -> String {
        blake3::hash(self.to_string().as_bytes()).to_hex().to_string()
    }

    /// How often each feature is asked about, the most frequent first; those that never are stay out.
    pub fn asked(&self) -> Vec<(&str, usize)> {
        let mut counts = vec![0; self.features.len()];
        for node in self.trees.iter().flatten().flat_map(|tree| &tree.nodes) {
            if let super::tree::Node::Split { feature, .. } = node
                && let Some(count) = counts.get_mut(*feature)
            {
                *count += 1;
            }
        }
        let mut asked: Vec<(&str, usize)> = self.features.iter().map(String::as_str).zip(counts).collect();
        asked.retain(|(_, count)| *count > 0);
        asked.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        asked
    }
}

fn mean(trees: &[Tree], row: &[f64]) -> f64 {
    let sum: f64 = trees.iter().map(|tree| tree.predict(row)).sum();
    if trees.is_empty() { 0.0 } else { sum / trees.len() as f64 }
}

/// Votes as shares that sum to one; without any vote all classes are alike.
pub(super) fn shares(votes: &[f64]) -> Vec<f64> {
    let votes: Vec<f64> = votes.iter().map(|vote| vote.max(0.0)).collect();
    let sum: f64 = votes.iter().sum();
    if sum > 0.0 {
        votes.iter().map(|vote| vote / sum).collect()
    } else {
        vec![1.0 / votes.len().max(1) as f64; votes.len()]
    }
}
