//! Learning severity from labelled cases, and measuring it on rules that were not learned from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::LazyLock;

use super::train::Row;
use crate::analysis::{self, Model};
use crate::drift::SeverityClass;
use crate::learned::measure::{Confusion, auc, calibration, calibration_error};
use crate::learned::{Growth, Line, TrainError, temperature, train};

const FOLDS: u8 = 5;

const CLASSES: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// Small enough to be read back quickly and shipped as a text.
const GROWTH: Growth = Growth { trees: 36, depth: 8, leaf: 3, looked_at: Some(40), seed: 1 };

/// How much the weights of the lines are held down.
const ALPHA: f64 = 300.0;

/// HIGH begins this much earlier than its share says: a grave drift that is missed costs more than a look at a lesser one.
const EARLY: f64 = 0.88;

/// CRITICAL is what rules read from the values. That graders would say HIGH is no less sure: the model alone says it only
/// where it is as sure as it can be.
const CRITICAL: f64 = 0.95;

/// Ways to split the rows; figures are means over them, so that none of them is luck with one.
const SPLITS: [&str; 3] = ["", "second", "third"];

/// What there is to learn from.
pub struct Lessons {
    /// Labelled drifts, with what tools would say of each among their numbers.
    rows: Vec<Row>,
    /// What tools would say of a drift, learned from all tables.
    tools: Line,
}

impl Lessons {
    /// From labelled drifts, and those that the tables of tools are taken to warn of. What a tool's own table says is left out
    /// of what is said of the drifts it labelled.
    pub fn of(mut rows: Vec<Row>, supposed: &[Row]) -> Result<Self, TrainError> {
        let mut without: BTreeMap<String, Line> = BTreeMap::new();
        for row in &mut rows {
            if !without.contains_key(&row.source) {
                without.insert(row.source.clone(), line_of_tables(supposed, &row.source)?);
            }
            row.hears(&without[&row.source]);
        }
        Ok(Self { rows, tools: line_of_tables(supposed, "")? })
    }

    /// A model of all rows.
    pub fn learn(&self) -> Result<Model, TrainError> {
        self.learn_from(&self.rows.iter().collect::<Vec<_>>())
    }

    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Where classes begin, and how sure to be, is told by rows that the models in question have not seen.
    fn learn_from(&self, rows: &[&Row]) -> Result<Model, TrainError> {
        let say = |model: &Model, row: &Row| (model.expected(&row.numbers), model.forest.predict(&row.numbers));
        let said = held_out(rows, "cuts", &|rows| self.grow(rows), &say)?;
        let open = said.iter().zip(rows).filter(|(_, row)| row.is_open());
        let open: Vec<(f64, usize)> = open.map(|((expected, _), row)| (*expected, row.severity as usize)).collect();
        let graded = said.iter().zip(rows).filter(|(_, row)| row.is_graded);
        let (votes, labels): (Vec<_>, Vec<_>) =
            graded.map(|((_, votes), row)| (votes.clone(), row.severity as usize)).unzip();
        let temperature = (temperature(&votes, &labels) * 100.0).round() / 100.0;
        Ok(Model { cuts: cuts(&open), temperature, ..self.grow(rows)? })
    }

    /// A forest and a line, with no cuts yet.
    fn grow(&self, rows: &[&Row]) -> Result<Model, TrainError> {
        let names = analysis::learned_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let numbers: Vec<Vec<f64>> = rows.iter().map(|row| row.numbers.clone()).collect();
        let labels: Vec<usize> = rows.iter().map(|row| row.severity as usize).collect();
        let trained = train(&names, &CLASSES, &numbers, &labels, &GROWTH)?;
        let line = line(&names, rows)?;
        Ok(Model { forest: trained.forest, line, tools: self.tools.clone(), cuts: [0.25, 0.5, 0.75], temperature: 1.0 })
    }
}

/// A weighted sum that expects the severity of these rows.
fn line(names: &[&str], rows: &[&Row]) -> Result<Line, TrainError> {
    let numbers: Vec<Vec<f64>> = rows.iter().map(|row| row.numbers.clone()).collect();
    let targets: Vec<f64> = rows.iter().map(|row| analysis::SEVERITY_WEIGHTS[row.severity as usize]).collect();
    Line::fit(names, &numbers, &targets, ALPHA)
}

/// One that expects what tools say of properties, as if `left_out` had no table.
fn line_of_tables(supposed: &[Row], left_out: &str) -> Result<Line, TrainError> {
    let names = analysis::feature_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    line(&names, &supposed.iter().filter(|row| row.source != left_out).collect::<Vec<_>>())
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
fn held_out<T: Clone + Default>(
    rows: &[&Row],
    salt: &str,
    learn: &dyn Fn(&[&Row]) -> Result<Model, TrainError>,
    say: &dyn Fn(&Model, &Row) -> T,
) -> Result<Vec<T>, TrainError> {
    let fold = |row: &Row| blake3::hash(format!("{salt}{}", row.family).as_bytes()).as_bytes()[0] % FOLDS;
    let mut said = vec![T::default(); rows.len()];
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
fn other_sources(lessons: &Lessons, rows: &[&Row]) -> Result<Vec<f64>, TrainError> {
    let sources: BTreeSet<&str> = rows.iter().map(|row| row.source.as_str()).collect();
    let mut said = vec![0.0; rows.len()];
    for source in sources {
        let rest: Vec<&Row> = rows.iter().filter(|row| row.source != source).copied().collect();
        let model = lessons.learn_from(&rest)?;
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

/// What `docs/measured.md` shows: by source, held out by rule, beside baselines.
pub fn report(lessons: &Lessons) -> Result<String, TrainError> {
    let rows: Vec<&Row> = lessons.rows.iter().collect();
    let say = |model: &Model, row: &Row| (row.overall(model), row.confidence(model));
    let splits: Vec<Vec<(f64, f64)>> = SPLITS
        .iter()
        .map(|salt| held_out(&rows, salt, &|rows| lessons.learn_from(rows), &say))
        .collect::<Result<_, _>>()?;
    let scores: Vec<Vec<f64>> = splits.iter().map(|split| split.iter().map(|(score, _)| *score).collect()).collect();
    let table = table(lessons, &rows, &scores)?;
    Ok(table + &extremes(&rows, &scores[0]) + &confidences(&rows, &splits))
}

/// By source and way of telling.
fn table(lessons: &Lessons, rows: &[&Row], splits: &[Vec<f64>]) -> Result<String, TrainError> {
    let elsewhere = vec![other_sources(lessons, rows)?];
    let by_rules = vec![rows.iter().map(|row| row.rules()).collect()];
    let by_tables = vec![rows.iter().map(|row| median_of_tables(row)).collect()];
    let always = vec![vec![1.0; rows.len()]];
    let ways: [Way<'_>; 5] = [
        ("driftguard, rules not learned from", splits, class),
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
    Ok(out)
}

/// What is said with which confidence, and how often it is right, on rules that were not learned from: each graded case once a split.
fn confidences(rows: &[&Row], splits: &[Vec<(f64, f64)>]) -> String {
    let said = |split: &Vec<(f64, f64)>| -> Vec<(f64, bool)> {
        let graded = rows.iter().zip(split).filter(|(row, _)| row.is_graded);
        graded.map(|(row, (score, sure))| (*sure, class(*score) == row.severity as usize)).collect()
    };
    let by_split: Vec<Vec<(f64, bool)>> = splits.iter().map(said).collect();
    let errors = by_split.iter().map(|said| calibration_error(said)).sum::<f64>() / splits.len() as f64;
    let mut out = String::from("\n| severity_confidence | said | mean | right |\n|---|---|---|---|\n");
    for (at, (count, sum, right)) in
        calibration(&by_split.concat()).into_iter().enumerate().filter(|(_, bin)| bin.0 > 0)
    {
        let (mean, share) = (sum / count as f64, right as f64 / count as f64);
        let _ = writeln!(out, "| 0.{at} | {count} | {mean:.2} | {share:.2} |");
    }
    let _ = writeln!(out, "\nExpected calibration error {errors:.3}, the mean of {} splits.", splits.len());
    out
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
