//! The figures as text and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::mutate::Mutations;
use super::score::{Level, Scored, Scores};
use crate::safety::{Redactor, sanitise};

/// What one run measured.
pub struct BenchReport {
    pub scored: Scored,
    /// Of the comparer alone, on one core.
    pub cases_per_second: f64,
    pub mutations: Option<Mutations>,
}

/// The documented JSON form, `driftguard.bench/1`.
pub fn json(report: &BenchReport) -> Value {
    let all = &report.scored.all;
    let failures: Vec<Value> = report
        .scored
        .failures
        .iter()
        .map(|f| json!({"id": sanitise::line(&f.id), "missed": clean(&f.missed), "false": clean(&f.false_)}))
        .collect();
    let mut out = json!({
        "schema": "driftguard.bench/1",
        "cases": all.cases,
        "case_level": level(&all.case_level, true),
        "property_level": level(&all.property_level, false),
        "unverified": round(all.unverified_share()),
        "cases_per_second": report.cases_per_second.round(),
        "failures": failures,
        "by_type": groups(&report.scored.by_type),
        "by_rule": groups(&report.scored.by_rule),
    });
    if let Some(mutations) = &report.mutations {
        out["mutation"] = mutation(mutations);
    }
    out
}

/// Keys and values in paths may be secrets, as in any other report.
fn clean(paths: &[String]) -> Vec<String> {
    let redactor = Redactor::new([0; 32]);
    paths.iter().map(|p| sanitise::line(redactor.mask_path("", &p.as_str().into(), &[]).raw())).collect()
}

fn round(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

fn level(level: &Level, with_clean: bool) -> Value {
    let mut out = json!({
        "tp": level.tp, "fp": level.fp, "fn": level.fn_,
        "precision": round(level.precision()), "recall": round(level.recall()),
    });
    if with_clean {
        out["tn"] = level.tn.into();
    }
    out
}

fn groups<K: AsRef<str>>(groups: &BTreeMap<K, Scores>) -> Value {
    let group = |s: &Scores| {
        json!({
            "cases": s.cases, "case_level": level(&s.case_level, true), "property_level": level(&s.property_level, false),
            "unverified": round(s.unverified_share()),
        })
    };
    groups
        .iter()
        .map(|(name, scores)| (sanitise::line(name.as_ref()), group(scores)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn mutation(m: &Mutations) -> Value {
    let kinds: serde_json::Map<_, _> = m
        .respellings
        .iter()
        .map(|(kind, (tried, alarms))| ((*kind).to_owned(), json!({"tried": tried, "alarms": alarms})))
        .collect();
    let failures: Vec<Value> = m
        .failures
        .iter()
        .map(
            |f| json!({"id": sanitise::line(&f.id), "at": sanitise::line(&f.at), "kind": f.kind, "why": clean(&f.why)}),
        )
        .collect();
    json!({
        "seed": m.seed, "changes": m.changes, "reported": m.reported, "unverifiable": m.unverifiable(), "left_out": m.left_out,
        "respellings": m.respelt(), "alarms": m.alarms(), "by_kind": kinds, "failures": failures,
    })
}

/// Tables for people; what went wrong is named when `failures` is set.
pub fn text(report: &BenchReport, failures: bool) -> String {
    let mut out = String::new();
    table(&mut out, "by resource type", report.scored.by_type.iter().map(|(k, v)| (k.as_str(), v)));
    table(&mut out, "by rule that hid something", report.scored.by_rule.iter().map(|(k, v)| (*k, v)));
    table(&mut out, "overall", [("all cases", &report.scored.all)].into_iter());
    let all = &report.scored.all;
    line(&mut out, format_args!("property level: {}", words(&all.property_level)));
    line(&mut out, format_args!("case level:     {}", words(&all.case_level)));
    line(
        &mut out,
        format_args!("unverified:     {:.1} % of {} declared properties", all.unverified_share() * 100.0, all.leaves),
    );
    line(
        &mut out,
        format_args!("speed:          {:.0} cases a second, comparing only, one core", report.cases_per_second),
    );
    if let Some(m) = &report.mutations {
        mutation_text(&mut out, m);
    }
    if failures {
        failure_text(&mut out, report);
    }
    out
}

/// Writing to a string cannot fail.
fn line(out: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = writeln!(out, "{words}");
}

fn words(level: &Level) -> String {
    let Level { tp, fp, fn_, .. } = level;
    format!("{tp} true, {fp} false, {fn_} missed; precision {:.3}, recall {:.3}", level.precision(), level.recall())
}

fn table<'a>(out: &mut String, title: &str, rows: impl Iterator<Item = (&'a str, &'a Scores)>) {
    let head =
        ["cases", "true", "false", "missed", "prop.true", "false", "missed", "precision", "recall", "unverified"];
    let _ = write!(out, "{title:<52}");
    head.iter().for_each(|h| _ = write!(out, " {h:>9}"));
    out.push('\n');
    for (name, s) in rows {
        let name: String = sanitise::line(name).chars().take(50).collect();
        let _ = write!(out, "  {name:<50}");
        let (c, p) = (&s.case_level, &s.property_level);
        for n in [s.cases, c.tp, c.fp, c.fn_, p.tp, p.fp, p.fn_] {
            let _ = write!(out, " {n:>9}");
        }
        let unverified = s.unverified_share() * 100.0;
        let _ = writeln!(out, " {:>9.3} {:>9.3} {unverified:>7.1} %", p.precision(), p.recall());
    }
    out.push('\n');
}

fn mutation_text(out: &mut String, m: &Mutations) {
    let share = if m.changes == 0 { 100.0 } else { m.reported as f64 / m.changes as f64 * 100.0 };
    line(
        out,
        format_args!(
            "mutations:      {} of {} real changes reported ({share:.2} %), {} leaves cannot be judged",
            m.reported,
            m.changes,
            m.unverifiable()
        ),
    );
    for (why, leaves) in &m.left_out {
        line(out, format_args!("  left out: {why:<40} {leaves:>6}"));
    }
    line(out, format_args!("re-spellings:   {} of {} taken for drift (seed {})", m.alarms(), m.respelt(), m.seed));
    for (kind, (tried, alarms)) in &m.respellings {
        line(out, format_args!("  {kind:<24} {tried:>8} tried, {alarms} taken for drift"));
    }
}

fn failure_text(out: &mut String, report: &BenchReport) {
    for failure in &report.scored.failures {
        line(out, format_args!("{}", sanitise::line(&failure.id)));
        clean(&failure.missed).iter().for_each(|path| line(out, format_args!("  missed {path}")));
        clean(&failure.false_).iter().for_each(|path| line(out, format_args!("  false  {path}")));
    }
    for m in report.mutations.iter().flat_map(|m| &m.failures) {
        let why = clean(&m.why).join(", ");
        line(out, format_args!("{} {}: {} ({why})", sanitise::line(&m.id), sanitise::line(&m.at), m.kind));
    }
}
