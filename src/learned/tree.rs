//! One regression tree: questions about features, and the mean of the training targets in each leaf.

use serde_json::Value;

/// A node; the tree's first one is its root.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Node {
    /// Goes to `yes` where the feature is at most `at_most`.
    Split {
        feature: usize,
        at_most: f64,
        yes: usize,
        no: usize,
    },
    Leaf(f64),
}

#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
}

impl Tree {
    /// The leaf a row ends in. A feature that is not there counts as 0.
    pub fn predict(&self, row: &[f64]) -> f64 {
        let mut at = 0;
        loop {
            match self.nodes.get(at) {
                Some(Node::Split { feature, at_most, yes, no }) => {
                    at = if row.get(*feature).copied().unwrap_or_default() <= *at_most { *yes } else { *no };
                }
                Some(Node::Leaf(value)) => return *value,
                None => return 0.0,
            }
        }
    }

    /// From what smartcore serialises: `nodes` with `split_feature`, `split_value`, `true_child`, `false_child`, `output`.
    /// Numbers are rounded to what the text form keeps, so that a forest read back is the forest that was trained.
    pub fn of_smartcore(tree: &Value) -> Option<Self> {
        let nodes = tree.get("nodes")?.as_array()?;
        let mut out = Self::default();
        out.graft(nodes, 0)?;
        Some(out)
    }

    /// Appends the node and all below it, the `yes` side first: the order of the text form.
    fn graft(&mut self, nodes: &[Value], from: usize) -> Option<usize> {
        let node = nodes.get(from)?;
        let at = self.nodes.len();
        let child = |name: &str| node.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let (Some(yes), Some(no)) = (child("true_child"), child("false_child")) else {
            self.nodes.push(Node::Leaf(rounded(node.get("output")?.as_f64()?, 1e3)));
            return Some(at);
        };
        self.nodes.push(Node::Leaf(0.0));
        let (feature, at_most) = (child("split_feature")?, rounded(node.get("split_value")?.as_f64()?, 1e4));
        let (yes, no) = (self.graft(nodes, yes)?, self.graft(nodes, no)?);
        self.nodes[at] = Node::Split { feature, at_most, yes, no };
        Some(at)
    }
}

fn rounded(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}
