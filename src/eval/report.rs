//! The figures for people.

use std::fmt::Write;

use super::score::{Causes, Directions, Scored, Severities, Told};
use crate::drift::Cause;
use crate::learned::measure::{Confusion, wilson};
use crate::safety::sanitise;

const CLASSES: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];
const WAYS: [&str; 3] = ["loosening", "hardening", "neither"];

/// One file's figures.
pub fn text(file: &str, scored: &Scored) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}: {} cases, drift seen in {}", sanitise::line(file), scored.cases, scored.drifts);
    if let Some(severity) = &scored.severity {
        severities(&mut out, severity);
    }
    if let Some(direction) = &scored.direction {
        directions(&mut out, direction);
    }
    if let Some((yes, no)) = &scored.critical {
        told(&mut out, "security-critical, labelled so", yes);
        told(&mut out, "security-critical, labelled not", no);
    }
    if let Some(cause) = &scored.cause {
        causes(&mut out, cause);
    }
    if let Some(actor) = &scored.actor {
        told(&mut out, "actor class", actor);
    }
    out
}

fn severities(out: &mut String, severity: &Severities) {
    let auc = severity.auc.map_or("-".to_owned(), |auc| format!("{auc:.3}"));
    let line = |out: &mut String, name: &str, said: &Confusion<4>, auc: &str| {
        let (kappa, f1, n) = (said.quadratic_kappa(), said.macro_f1(), said.total());
        let _ = writeln!(out, "  {name:<28} n {n:>4}  kappa {kappa:>6.3}  macro-F1 {f1:.3}  AUC of HIGH+ {auc}");
    };
    line(out, "severity", &severity.said, &auc);
    for (name, said, auc) in &severity.baselines {
        line(out, name, said, &auc.map_or("-".to_owned(), |auc| format!("{auc:.3}")));
    }
    let _ = writeln!(out, "  {:<10}{}", "labelled", CLASSES.map(|class| format!("{class:>10}")).concat());
    for (at, row) in severity.said.counts.iter().enumerate() {
        let cells: String = row.iter().map(|count| format!("{count:>10}")).collect();
        let _ = writeln!(out, "  {:<10}{cells}   right {}", CLASSES[at], share(row[at], row.iter().sum()));
    }
    sure(out, severity.calibration_error, &severity.curve, severity.said.total());
}

fn directions(out: &mut String, direction: &Directions) {
    let said = &direction.said;
    let _ = writeln!(
        out,
        "  direction                    n {:>4}  right {}",
        said.total(),
        share(said.right(), said.total())
    );
    for (at, row) in said.counts.iter().enumerate().filter(|(_, row)| row.iter().sum::<usize>() > 0) {
        let cells: Vec<String> = row.iter().zip(WAYS).map(|(count, way)| format!("{way} {count}")).collect();
        let _ =
            writeln!(out, "    {:<10} said {}; right {}", WAYS[at], cells.join(", "), share(row[at], row.iter().sum()));
    }
}

fn told(out: &mut String, name: &str, told: &Told) {
    let all = told.right + told.wrong + told.silent;
    if all > 0 {
        let _ = writeln!(
            out,
            "  {name}: {} of {all} right {}, {} wrong, nothing said of {}",
            told.right,
            share(told.right, all),
            told.wrong,
            told.silent
        );
    }
}

fn causes(out: &mut String, cause: &Causes) {
    let _ = writeln!(
        out,
        "  cause                        n {:>4}  right {}; baseline (automated if on the ignore list, else unknown) {}",
        cause.cases,
        share(cause.right, cause.cases),
        share(cause.baseline_right, cause.cases)
    );
    for (at, row) in cause.said.counts.iter().enumerate().filter(|(_, row)| row.iter().sum::<usize>() > 0) {
        let said = row.iter().zip(Cause::ALL).filter(|(count, _)| **count > 0);
        let said: Vec<String> = said.map(|(count, cause)| format!("{} {count}", cause.as_str())).collect();
        let (name, right) = (Cause::ALL[at].as_str(), share(row[at], row.iter().sum()));
        let _ = writeln!(out, "    {name:<22} said {}; right {right}", said.join(", "));
    }
    sure(out, cause.calibration_error, &cause.curve, cause.cases);
}

/// How right it is, by how sure it is.
fn sure(out: &mut String, calibration_error: f64, curve: &[(f64, usize, usize)], all: usize) {
    const FROM: [f64; 9] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.0];
    if curve.is_empty() {
        return;
    }
    let _ = writeln!(out, "    calibration error {calibration_error:.3}; from confidence, covered, right among those:");
    let mut told = 0;
    for from in FROM {
        let Some((_, covered, right)) = curve.iter().rev().find(|(confidence, ..)| *confidence >= from) else {
            continue;
        };
        if *covered > told {
            told = *covered;
            let _ = writeln!(out, "      {from:.2}  {}  {}", share(*covered, all), share(*right, *covered));
        }
    }
}

/// `0.850 (0.79 to 0.90)`: the share with its 95 % interval.
fn share(part: usize, whole: usize) -> String {
    let (low, high) = wilson(part, whole);
    let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    format!("{share:.3} ({low:.2} to {high:.2})")
}
