//! How well the kind of hand behind an event is told: labelled events, one JSON object a line with `event`, `actor_type`, and
//! where known `repo` and `path`.
//!
//! The rules were written with one half of the labels in sight. Halves are made by the file an event is from (an even or odd first
//! byte of the SHA-256 of `repo/path`): events of one file are much alike, so they must not stand on both sides.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::context::cloudtrail::{Event, class_of};
use crate::drift::ActorClass;
use crate::safety::sanitise;

/// Figures of some events.
#[derive(Default)]
pub struct Half {
    pub events: usize,
    /// Said to be one class, and so it was.
    pub right: usize,
    pub wrong: usize,
    /// Nothing was said.
    pub abstained: usize,
    /// Of those, rightly: who labelled them knew no class either.
    pub rightly_abstained: usize,
    /// Label, what was said → how often.
    pub table: BTreeMap<(String, &'static str), usize>,
}

/// Both halves, and what did not come out as labelled.
#[derive(Default)]
pub struct Told {
    pub seen: Half,
    pub held_out: Half,
    /// Id, label, what was said, why.
    pub failures: Vec<(String, String, &'static str, &'static str)>,
    pub errors: Vec<String>,
}

/// Reads a file of labels.
pub fn tell(path: &Path) -> std::io::Result<Told> {
    let text = std::fs::read_to_string(path)?;
    let mut told = Told::default();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if let Err(why) = one(&mut told, line) {
            told.errors.push(format!("{}:{}: {why}", path.display(), number + 1));
        }
    }
    Ok(told)
}

fn one(told: &mut Told, line: &str) -> Result<(), String> {
    let row: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let text = |key: &str| row[key].as_str().unwrap_or_default();
    let wanted = text("actor_type");
    let labelled = class_named(wanted)?;
    // What is no event of AWS, or misses its time, is nothing to judge by.
    let verdict = Event::of(&row["event"]).map(|event| class_of(&event));
    let (class, why) =
        verdict.map_or((None, "it does not read as an event"), |verdict| (verdict.class, verdict.reason));
    let half = if is_held_out(text("repo"), text("path")) { &mut told.held_out } else { &mut told.seen };
    let said = class.map_or("(abstains)", ActorClass::as_str);
    half.events += 1;
    *half.table.entry((wanted.to_owned(), said)).or_default() += 1;
    match (class, labelled) {
        (None, None) => half.rightly_abstained += 1,
        (None, Some(_)) => {}
        (Some(class), labelled) if Some(class) == labelled => half.right += 1,
        _ => half.wrong += 1,
    }
    half.abstained += usize::from(class.is_none());
    if class != labelled {
        told.failures.push((text("id").to_owned(), wanted.to_owned(), said, why));
    }
    Ok(())
}

/// The labels know ten kinds: a simulated attack is a security tool's, and a service for somebody is a service.
/// `None`: whoever labelled it knew no class. A word that is no label is an error.
pub(crate) fn class_named(label: &str) -> Result<Option<ActorClass>, String> {
    Ok(Some(match label {
        "human_console" => ActorClass::Console,
        "human_cli" => ActorClass::CommandLine,
        "iac_ci" => ActorClass::Iac,
        "aws_service" | "aws_service_fas" => ActorClass::Service,
        "security_tool" | "security_service" | "attack_sim" => ActorClass::SecurityTool,
        "sdk_script" => ActorClass::Script,
        "unknown" => return Ok(None),
        other => return Err(format!("unknown label {}", sanitise::line(other))),
    }))
}

fn is_held_out(repo: &str, path: &str) -> bool {
    Sha256::digest(format!("{repo}/{path}").as_bytes()).first().is_some_and(|byte| byte & 1 == 1)
}

impl Half {
    /// Of those it said something about, how many it got right.
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Of those with a labelled class, how many it got right.
    pub fn recall(&self) -> f64 {
        share(self.right, self.events - self.unlabelled())
    }

    pub fn abstains(&self) -> f64 {
        share(self.abstained, self.events)
    }

    /// Of those with a labelled class, as many as the most frequent one has: what always guessing it gets right.
    pub fn baseline(&self) -> f64 {
        let mut counts: BTreeMap<ActorClass, usize> = BTreeMap::new();
        for ((label, _), count) in &self.table {
            if let Ok(Some(class)) = class_named(label) {
                *counts.entry(class).or_default() += count;
            }
        }
        share(counts.values().copied().max().unwrap_or(0), self.events - self.unlabelled())
    }

    fn unlabelled(&self) -> usize {
        self.table.iter().filter(|((label, _), _)| label == "unknown").map(|(_, count)| count).sum()
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// The figures for people.
pub fn text_of(told: &Told, with_failures: bool) -> String {
    let mut out = String::new();
    for (name, half) in [("rules written with these in sight", &told.seen), ("held out", &told.held_out)] {
        let _ = writeln!(
            out,
            "{name}: {} events; {} right, {} wrong, {} abstained ({} of them unlabelled too); precision {:.3}, recall {:.3}, \
             abstains {:.3}; always the most frequent class: {:.3}",
            half.events,
            half.right,
            half.wrong,
            half.abstained,
            half.rightly_abstained,
            half.precision(),
            half.recall(),
            half.abstains(),
            half.baseline(),
        );
        for ((label, said), count) in &half.table {
            let _ = writeln!(out, "  {:<16} {said:<14} {count:>4}", sanitise::cell(label, 16));
        }
    }
    for (id, label, said, why) in told.failures.iter().filter(|_| with_failures) {
        let _ = writeln!(out, "{}: {}, said {said}: {why}", sanitise::cell(id, 40), sanitise::cell(label, 16));
    }
    out
}

/// The documented JSON form, `driftguard.bench.cloudtrail/1`.
pub fn json_of(told: &Told) -> Value {
    let half = |half: &Half| {
        let round = |share: f64| (share * 1e4).round() / 1e4;
        json!({
            "events": half.events, "right": half.right, "wrong": half.wrong, "abstained": half.abstained,
            "precision": round(half.precision()), "recall": round(half.recall()), "abstains": round(half.abstains()),
            "baseline": round(half.baseline()),
        })
    };
    json!({
        "schema": "driftguard.bench.cloudtrail/1",
        "seen": half(&told.seen),
        "held_out": half(&told.held_out),
    })
}
