//! A forest as a text: a header, then one line a tree, `yes` side first. `3<0.5` asks whether feature 3 is at most 0.5, `=0.25`
//! is a leaf.

use std::fmt;
use std::str::{FromStr, SplitWhitespace};

use super::forest::Forest;
use super::tree::{Node, Tree};

const SCHEMA: &str = "driftguard.forest/1";

/// Trees deeper than this were not grown here.
const DEEPEST: usize = 64;

/// What is wrong with the text of a forest.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ForestError {
    #[error("it does not begin with `{SCHEMA}`")]
    Schema,
    #[error("line {0}: {1}")]
    Line(usize, &'static str),
    #[error("it has no trees for class `{0}`")]
    NoTrees(String),
}

impl fmt::Display for Forest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{SCHEMA}")?;
        writeln!(f, "features {}", self.features.join(" "))?;
        writeln!(f, "classes {}", self.classes.join(" "))?;
        writeln!(f, "temperature {}", self.temperature)?;
        for (class, trees) in self.trees.iter().enumerate() {
            for tree in trees {
                write!(f, "{class}")?;
                write_node(f, tree, 0)?;
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

fn write_node(f: &mut fmt::Formatter<'_>, tree: &Tree, at: usize) -> fmt::Result {
    match tree.nodes.get(at) {
        Some(Node::Split { feature, at_most, yes, no }) => {
            write!(f, " {feature}<{at_most}")?;
            write_node(f, tree, *yes)?;
            write_node(f, tree, *no)
        }
        Some(Node::Leaf(value)) => write!(f, " ={value}"),
        None => Ok(()),
    }
}

impl FromStr for Forest {
    type Err = ForestError;

    fn from_str(text: &str) -> Result<Self, ForestError> {
        let mut lines = text.lines().enumerate();
        if lines.next().map(|(_, line)| line) != Some(SCHEMA) {
            return Err(ForestError::Schema);
        }
        let mut header = |name: &'static str| {
            let line = lines.next().and_then(|(_, line)| line.strip_prefix(name));
            line.ok_or(ForestError::Line(2, "features, classes and temperature come first"))
        };
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (features, classes) = (words(header("features ")?), words(header("classes ")?));
        let temperature = header("temperature ")?.parse().ok().filter(|t: &f64| t.is_finite() && *t > 0.0);
        let temperature = temperature.ok_or(ForestError::Line(4, "the temperature is no number above 0"))?;
        let mut trees = vec![vec![]; classes.len()];
        for (number, line) in lines {
            let wrong = |what| ForestError::Line(number + 1, what);
            let mut words = line.split_whitespace();
            let class = words.next().and_then(|word| word.parse::<usize>().ok());
            let of_class = class.and_then(|class| trees.get_mut(class)).ok_or(wrong("no such class"))?;
            let mut tree = Tree::default();
            read_node(&mut words, &mut tree, features.len(), 0).map_err(wrong)?;
            if words.next().is_some() {
                return Err(wrong("more nodes than the tree has"));
            }
            of_class.push(tree);
        }
        match trees.iter().position(Vec::is_empty) {
            Some(class) => Err(ForestError::NoTrees(classes[class].clone())),
            None => Ok(Self { features, classes, temperature, trees }),
        }
    }
}

fn read_node(
    words: &mut SplitWhitespace<'_>,
    tree: &mut Tree,
    features: usize,
    depth: usize,
) -> Result<usize, &'static str> {
    let word = words.next().filter(|_| depth <= DEEPEST).ok_or("a tree that has no end")?;
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or("no number");
    let at = tree.nodes.len();
    if let Some(value) = word.strip_prefix('=') {
        tree.nodes.push(Node::Leaf(number(value)?));
        return Ok(at);
    }
    let (feature, at_most) = word.split_once('<').ok_or("neither a question nor a leaf")?;
    let feature = feature.parse().ok().filter(|f| *f < features).ok_or("no such feature")?;
    tree.nodes.push(Node::Leaf(0.0));
    let at_most = number(at_most)?;
    let (yes, no) = (read_node(words, tree, features, depth + 1)?, read_node(words, tree, features, depth + 1)?);
    tree.nodes[at] = Node::Split { feature, at_most, yes, no };
    Ok(at)
}
