//! Learning severity from labelled cases, and measuring it on rules that were not learned from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::LazyLock;

use super::measure::{Confusion, auc};
use super::train::Row;
use crate::analysis::{self, Model};
use crate::drift::SeverityClass;
use crate::learned::{Growth, Line, TrainError, train};

const FOLDS: u8 = 5;

const CLASSES: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// Small enough to be read back quickly and shipped as a text.
const GROWTH: Growth = Growth { trees: 36, depth: 8, leaf: 3, looked_at: Some(20), seed: 1 };

/// How much the weights of the line are held down.
const ALPHA: f64 = 300.0;

/// HIGH begins this much earlier than its share says: a grave drift that is missed costs more than a look at a lesser one.
const EARLY: f64 = 0.88;

/// CRITICAL is what rules read from the values. That graders would say HIGH is no less sure: the model alone says it only
/// where it is as sure as it can be.
const CRITICAL: f64 = 0.95;

/// Ways to split the rows; figures are means over them, so that none of them is luck with one.
const SPLITS: [&str; 3] = ["", "second", "third"];

/// A model of all rows.
pub fn learn(rows: &[Row]) -> Result<Model, TrainError> {
    learn_from(&rows.iter().collect::<Vec<_>>())
}

/// Where classes begin is told by rows that the models in question have not seen.
fn learn_from(rows: &[&Row]) -> Result<Model, TrainError> {
    let said = held_out(rows, "cuts", &grow, &|model, row| model.expected(&row.numbers))?;
    let graded: Vec<(f64, usize)> =
        said.iter().zip(rows).filter(|(_, row)| row.is_open()).map(|(e, row)| (*e, row.severity as usize)).collect();
    Ok(Model { cuts: cuts(&graded), ..grow(rows)? })
}

/// A forest and a line, with no cuts yet.
fn grow(rows: &[&Row]) -> Result<Model, TrainError> {
    let names = analysis::feature_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let numbers: Vec<Vec<f64>> = rows.iter().map(|row| row.numbers.clone()).collect();
    let labels: Vec<usize> = rows.iter().map(|row| row.severity as usize).collect();
    let targets: Vec<f64> = rows.iter().map(|row| analysis::SEVERITY_WEIGHTS[row.severity as usize]).collect();
    let trained = train(&names, &CLASSES, &numbers, &labels, &GROWTH)?;
    let line = Line::fit(&names, &numbers, &targets, ALPHA)?;
    Ok(Model { forest: trained.forest, line, cuts: [0.25, 0.5, 0.75] })
}

/// The cuts from which on it says MEDIUM, HIGH, CRITICAL as often as those who graded.
fn cuts(graded: &[(f64, usize)]) -> [f64; 3] {
    let mut expected: Vec<f64> = graded.iter().map(|(expected, _)| *expected).collect();
    expected.sort_by(|a, b| b.total_cmp(a));
    [1, 2, 3].map(|class| {
        let early = if class == 2 { EARLY } else { 1.0 };
        let count = graded.iter().filter(|(_, label)| *label >= class).count();
        let at = |at: usize| expected.get(at).copied();
        let (last, next) = (at(count.saturating_sub(1)), at(count));
        let cut = (last.unwrap_or(1.0) + next.or(last).unwrap_or(1.0)) / 2.0;
        let cut = if class == 3 { cut.max(CRITICAL) } else { cut };
        // Apart, so that each class has a place on the scale.
        (cut * early * 1e4).round() / 1e4 + class as f64 * 1e-4
    })
}

/// What models say of each row that have seen no case of the same rule; `salt` splits the rules in another way.
fn held_out(
    rows: &[&Row],
    salt: &str,
    learn: &dyn Fn(&[&Row]) -> Result<Model, TrainError>,
    say: &dyn Fn(&Model, &Row) -> f64,
) -> Result<Vec<f64>, TrainError> {
    let fold = |row: &Row| blake3::hash(format!("{salt}{}", row.family).as_bytes()).as_bytes()[0] % FOLDS;
    let mut said = vec![0.0; rows.len()];
    for out in 0..FOLDS {
        let rest: Vec<&Row> = rows.iter().filter(|row| fold(row) != out).copied().collect();
        let model = learn(&rest)?;
        for (row, said) in rows.iter().zip(&mut said).filter(|(row, _)| fold(row) == out) {
            *said = say(&model, row);
        }
    }
    Ok(said)
}

/// What a model says of each row that has seen no case of the same source.
fn other_sources(rows: &[&Row]) -> Result<Vec<f64>, TrainError> {
    let sources: BTreeSet<&str> = rows.iter().map(|row| row.source.as_str()).collect();
    let mut said = vec![0.0; rows.len()];
    for source in sources {
        let rest: Vec<&Row> = rows.iter().filter(|row| row.source != source).copied().collect();
        let model = learn_from(&rest)?;
        for (row, said) in rows.iter().zip(&mut said).filter(|(row, _)| row.source == source) {
            *said = row.overall(&model);
        }
    }
    Ok(said)
}

/// How well scores rank and class the graded rows among `of`.
struct Figures {
    kappa: f64,
    f1: f64,
    auc: f64,
}

impl Figures {
    fn of(rows: &[&Row], scores: &[f64], class: &dyn Fn(f64) -> usize) -> Self {
        let confusion =
            Confusion::<4>::of(rows.iter().zip(scores).map(|(row, score)| (row.severity as usize, class(*score))));
        let ranked: Vec<(f64, bool)> =
            rows.iter().zip(scores).map(|(row, score)| (*score, row.severity >= SeverityClass::High)).collect();
        Self { kappa: confusion.quadratic_kappa(), f1: confusion.macro_f1(), auc: auc(&ranked).unwrap_or(0.5) }
    }
}

fn class(score: f64) -> usize {
    SeverityClass::of(crate::drift::Score::new(score).unwrap_or_default()) as usize
}

/// How a class is told: a name, a score for each row and split, and the class of a score.
type Way<'a> = (&'a str, &'a [Vec<f64>], fn(f64) -> usize);

/// The table of `docs/measured.md`: by source, held out by rule, beside baselines.
pub fn report(rows: &[Row]) -> Result<String, TrainError> {
    let rows: Vec<&Row> = rows.iter().collect();
    let splits: Vec<Vec<f64>> = SPLITS
        .iter()
        .map(|salt| held_out(&rows, salt, &learn_from, &|model, row| row.overall(model)))
        .collect::<Result<_, _>>()?;
    let elsewhere = vec![other_sources(&rows)?];
    let by_rules = vec![rows.iter().map(|row| row.rules()).collect()];
    let by_tables = vec![rows.iter().map(|row| median_of_tables(row)).collect()];
    let always = vec![vec![1.0; rows.len()]];
    let ways: [Way<'_>; 5] = [
        ("driftguard, rules not learned from", &splits, class),
        ("driftguard, learned from other sources alone", &elsewhere, class),
        ("the rules of the packs alone", &by_rules, class),
        ("median of the tables, else MEDIUM", &by_tables, |class| class as usize),
        ("always MEDIUM", &always, |class| class as usize),
    ];
    let mut sources: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.is_graded) {
        sources.entry("all").or_default().push(at);
        sources.entry(&row.source).or_default().push(at);
    }
    let mut out = String::from("| cases | by | n | kappa | macro-F1 | AUC of HIGH+ |\n|---|---|---|---|---|---|\n");
    for (source, of) in &sources {
        let graded: Vec<&Row> = of.iter().map(|at| rows[*at]).collect();
        for (by, scores, class) in ways {
            let figures: Vec<Figures> = scores
                .iter()
                .map(|scores| Figures::of(&graded, &of.iter().map(|at| scores[*at]).collect::<Vec<_>>(), &class))
                .collect();
            let mean = |of: fn(&Figures) -> f64| figures.iter().map(of).sum::<f64>() / figures.len() as f64;
            let (kappa, f1, auc) = (mean(|f| f.kappa), mean(|f| f.f1), mean(|f| f.auc));
            let _ = writeln!(out, "| {source} | {by} | {} | {kappa:.3} | {f1:.3} | {auc:.3} |", of.len());
        }
    }
    out.push_str(&extremes(&rows, &splits[0]));
    Ok(out)
}

/// The class by the graders' median, MEDIUM where nobody grades.
fn median_of_tables(row: &Row) -> f64 {
    static AT: LazyLock<Option<usize>> =
        LazyLock::new(|| analysis::feature_names().iter().position(|name| name == "median"));
    AT.and_then(|at| row.numbers.get(at)).copied().filter(|median| *median >= 0.0).unwrap_or(1.0)
}

/// Whether anybody is woken for nothing, and whether the gravest are missed for it.
fn extremes(rows: &[&Row], said: &[f64]) -> String {
    let classes = |is: &dyn Fn(&Row) -> bool| -> Vec<usize> {
        rows.iter().zip(said).filter(|(row, _)| is(row)).map(|(_, said)| class(*said)).collect()
    };
    let count = |classes: &[usize], least: usize| classes.iter().filter(|class| **class >= least).count();
    let calm = classes(&|row| !row.is_graded);
    let grave = classes(&|row| row.is_graded && row.severity == SeverityClass::Critical);
    format!(
        "\nOf {} hardening or harmless cases {} are LOW. Of {} CRITICAL ones {} are CRITICAL and {} more HIGH.\n",
        calm.len(),
        calm.len() - count(&calm, 1),
        grave.len(),
        count(&grave, 3),
        count(&grave, 2) - count(&grave, 3),
    )
}
