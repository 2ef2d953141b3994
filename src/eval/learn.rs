//! Learning severity from labelled cases, and measuring it on rules that were not learned from.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::measure::{Confusion, auc};
use super::train::Row;
use crate::analysis::{self, Model};
use crate::drift::SeverityClass;
use crate::learned::{Growth, TrainError, train};

const FOLDS: u8 = 5;

const CLASSES: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// Small enough to be read back quickly and shipped as a text.
const GROWTH: Growth = Growth { trees: 36, depth: 8, leaf: 3, looked_at: Some(20), seed: 1 };

/// A model of all rows.
pub fn learn(rows: &[Row]) -> Result<Model, TrainError> {
    let rows: Vec<&Row> = rows.iter().collect();
    let (model, expected) = grow(&rows)?;
    let graded: Vec<(f64, usize)> = expected
        .into_iter()
        .zip(&rows)
        .filter(|(_, row)| row.is_graded)
        .map(|(e, row)| (e, row.severity as usize))
        .collect();
    Ok(Model { cuts: cuts(&graded), ..model })
}

/// A forest, and the expected severity of each row by the trees that did not see it.
fn grow(rows: &[&Row]) -> Result<(Model, Vec<f64>), TrainError> {
    let names = analysis::feature_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let numbers: Vec<Vec<f64>> = rows.iter().map(|row| row.numbers.clone()).collect();
    let labels: Vec<usize> = rows.iter().map(|row| row.severity as usize).collect();
    let trained = train(&names, &CLASSES, &numbers, &labels, &GROWTH)?;
    let expected = trained.out_of_bag.iter().map(|p| analysis::expected(p)).collect();
    Ok((Model { forest: trained.forest, cuts: [0.25, 0.5, 0.75] }, expected))
}

/// The cuts at which macro-F1 and quadratic kappa together are best, among quantiles.
fn cuts(graded: &[(f64, usize)]) -> [f64; 3] {
    let mut sorted: Vec<f64> = graded.iter().map(|(expected, _)| *expected).collect();
    sorted.sort_by(f64::total_cmp);
    let quantile = |at: usize| sorted.get(at * sorted.len() / 25).map_or(0.0, |e| (e * 1e4).round() / 1e4);
    let candidates: Vec<f64> = (1..25).map(quantile).collect();
    let mut best = (f64::NEG_INFINITY, [0.25, 0.5, 0.75]);
    for (a, low) in candidates.iter().enumerate() {
        for (b, high) in candidates.iter().enumerate().skip(a + 1) {
            for critical in candidates.iter().skip(b + 1).filter(|c| *c > high && high > low) {
                let cuts = [*low, *high, *critical];
                let said = |e: f64| cuts.iter().filter(|cut| e >= **cut).count();
                let confusion = Confusion::<4>::of(graded.iter().map(|(e, gold)| (*gold, said(*e))));
                let quality = confusion.macro_f1() + confusion.quadratic_kappa();
                if quality > best.0 {
                    best = (quality, cuts);
                }
            }
        }
    }
    best.1
}

/// What a model that has seen no case of the same rule says of each row.
fn held_out(rows: &[Row]) -> Result<Vec<f64>, TrainError> {
    let fold = |row: &Row| blake3::hash(row.family.as_bytes()).as_bytes()[0] % FOLDS;
    let mut said = vec![0.0; rows.len()];
    for out in 0..FOLDS {
        let rest: Vec<Row> = rows.iter().filter(|row| fold(row) != out).cloned().collect();
        let model = learn(&rest)?;
        for (row, said) in rows.iter().zip(&mut said).filter(|(row, _)| fold(row) == out) {
            *said = row.overall(&model);
        }
    }
    Ok(said)
}

/// The table of the README: by source, held out by rule, beside baselines.
pub fn report(rows: &[Row]) -> Result<String, TrainError> {
    let held_out = held_out(rows)?;
    let median = analysis::feature_names().iter().position(|name| name == "median");
    let by_tables =
        |row: &Row| median.and_then(|at| row.numbers.get(at)).filter(|m| **m >= 0.0).map_or(1, |m| *m as usize);
    let class = |score: f64| SeverityClass::of(crate::drift::Score::new(score).unwrap_or_default()) as usize;
    let mut sources: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.is_graded) {
        sources.entry("all").or_default().push(at);
        sources.entry(&row.source).or_default().push(at);
    }
    let mut out = String::from("| cases | by | n | kappa | macro-F1 | AUC of HIGH+ |\n|---|---|---|---|---|---|\n");
    for (source, of) in sources {
        let mut line = |by: &str, said: &dyn Fn(usize) -> usize, score: &dyn Fn(usize) -> f64| {
            let confusion = Confusion::<4>::of(of.iter().map(|at| (rows[*at].severity as usize, said(*at))));
            let scores: Vec<(f64, bool)> =
                of.iter().map(|at| (score(*at), rows[*at].severity >= SeverityClass::High)).collect();
            let (kappa, f1, auc) = (confusion.quadratic_kappa(), confusion.macro_f1(), auc(&scores).unwrap_or(0.5));
            let _ = writeln!(out, "| {source} | {by} | {} | {kappa:.3} | {f1:.3} | {auc:.3} |", of.len());
        };
        line("driftguard, rules not learned from", &|at| class(held_out[at]), &|at| held_out[at]);
        line("the rules of the packs alone", &|at| class(rows[at].rules()), &|at| rows[at].rules());
        line("median of the tables, else MEDIUM", &|at| by_tables(&rows[at]), &|at| by_tables(&rows[at]) as f64);
        line("always MEDIUM", &|_| 1, &|_| 0.5);
    }
    let calm: Vec<usize> = rows.iter().enumerate().filter(|(_, row)| !row.is_graded).map(|(at, _)| at).collect();
    let low = calm.iter().filter(|at| class(held_out[**at]) == 0).count();
    let _ = writeln!(out, "\nOf {} hardening or harmless cases {low} are LOW.", calm.len());
    Ok(out)
}
