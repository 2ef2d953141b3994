//! What is learned from operators, measured where the truth is known: in invented organisations ([`world`]), after more and more
//! labels of which a stated share is wrong.
//!
//! It shows whether coverage, accuracy and confidence mean what they say wherever labels come from drifts like those to be told; it
//! shows nothing of how many causes of real drifts can be told.

mod world;

use std::fmt::Write;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::analysis::{LearnedCause, learn};
use crate::drift::{Cause, CauseAnalysis, CauseLabel};
use crate::learned::measure::{calibration_error, wilson};
use world::{Seen, World};

const LABELS: [usize; 5] = [0, 50, 200, 1_000, 5_000];
/// Shares of the labels that are wrong.
const MISTAKES: [f64; 2] = [0.0, 0.05];
/// Drifts that are told, of each organisation; nobody has said anything of them.
const ASKED: usize = 1_000;

/// Drifts of all organisations, after so many labels in each.
#[derive(Default)]
pub struct Row {
    pub labels: usize,
    pub mistakes: f64,
    pub asked: usize,
    /// Organisations in which a model was learned, and in which it says something.
    pub learned: usize,
    pub speaking: usize,
    /// Of causes that the model is sure enough of to name them by itself.
    claimed: Vec<Answer>,
    /// Of each cause that is named, by the model or the rules.
    named: Vec<Answer>,
    /// Drifts of which the answer, `unknown` being one, is right.
    right: usize,
    /// The worst of the organisations: accuracy of what the model says.
    pub least: Option<f64>,
    /// The longest training.
    pub training: Duration,
}

/// How one drift was told.
#[derive(Clone, Copy)]
struct Answer {
    confidence: f64,
    is_true: bool,
    /// An operator would say so: what he says is sometimes wrong, and all that can be learned.
    is_agreed: bool,
}

/// Of so many organisations; the seeds are 1, 2, 3 …
pub fn measure(worlds: u64) -> Option<Vec<Row>> {
    measure_at(worlds, &LABELS, &MISTAKES)
}

fn measure_at(worlds: u64, sizes: &[usize], shares: &[f64]) -> Option<Vec<Row>> {
    let mut rows = vec![];
    for &mistakes in shares {
        let of = |labels: &usize| Row { labels: *labels, mistakes, ..Row::default() };
        let most = sizes.iter().copied().max().unwrap_or(0);
        let mut sizes: Vec<Row> = sizes.iter().map(of).collect();
        for seed in 1..=worlds {
            let mut world = World::new(seed)?;
            let asked: Vec<Seen> = (0..ASKED).map(|_| world.drift()).collect::<Option<_>>()?;
            let asked: Vec<(Cause, Seen)> =
                asked.into_iter().map(|seen| (world.label(&seen, mistakes).cause, seen)).collect();
            let labels: Option<Vec<CauseLabel>> =
                (0..most).map(|_| world.drift().map(|seen| world.label(&seen, mistakes))).collect();
            let labels = labels?;
            sizes.iter_mut().for_each(|row| row.take(&asked, &labels[..row.labels]));
        }
        rows.extend(sizes);
    }
    Some(rows)
}

impl Row {
    fn take(&mut self, asked: &[(Cause, Seen)], labels: &[CauseLabel]) {
        let begun = Instant::now();
        let learned = learn(labels, Timestamp::UNIX_EPOCH).ok().and_then(|learned| {
            let (model, artifact) = learned.into_model("cause");
            LearnedCause::read(model, &artifact).ok()
        });
        self.training = self.training.max(begun.elapsed());
        self.learned += usize::from(learned.is_some());
        self.speaking += usize::from(learned.as_ref().is_some_and(|learned| learned.model().threshold <= 1.0));
        let mut here = vec![];
        for (label, seen) in asked {
            let told = seen.told(learned.as_ref());
            let cause = told.cause_category;
            let confidence = told.confidence_score.as_f64();
            let answer = Answer { confidence, is_true: cause == seen.truth, is_agreed: cause == *label };
            self.right += usize::from(answer.is_true);
            if cause != Cause::Unknown {
                self.named.push(answer);
            }
            if claims(&told) {
                here.push(answer);
            }
        }
        self.asked += asked.len();
        if !here.is_empty() {
            let share = right(&here) as f64 / here.len() as f64;
            self.least = Some(self.least.map_or(share, |least| least.min(share)));
        }
        self.claimed.extend(here);
    }
}

/// The model is sure enough to be heard.
fn claims(told: &CauseAnalysis) -> bool {
    told.prediction.as_ref().is_some_and(|prediction| !prediction.abstained)
}

fn right(said: &[Answer]) -> usize {
    said.iter().filter(|one| one.is_true).count()
}

/// Against what operators would say, and against the truth.
fn errors(said: &[Answer]) -> [f64; 2] {
    let pairs = |of: &dyn Fn(&Answer) -> bool| said.iter().map(|one| (one.confidence, of(one))).collect::<Vec<_>>();
    [calibration_error(&pairs(&|one| one.is_agreed)), calibration_error(&pairs(&|one| one.is_true))]
}

fn line(name: &str, said: &[Answer], asked: usize) -> String {
    if said.is_empty() {
        return format!("  {name:<8} none");
    }
    let (right, count) = (right(said), said.len());
    let ((low, high), [agreed, truth]) = (wilson(right, count), errors(said));
    let (coverage, accuracy) = (count as f64 / asked as f64, right as f64 / count as f64);
    let sure = said.iter().map(|one| one.confidence).sum::<f64>() / count as f64;
    format!(
        "  {name:<8} coverage {coverage:.3}  right {accuracy:.3} [{low:.3}, {high:.3}]  confidence {sure:.3}  ECE {agreed:.3}, against \
         the truth {truth:.3}"
    )
}

pub fn text_of(rows: &[Row]) -> String {
    let mut out = String::from(
        "causes learned from operators, in invented organisations; half of the drifts have a cause that nobody can tell\n\
         claimed: causes that the model names; named: causes that model or rules name; ECE: calibration error, against what an\n\
         operator would say\n",
    );
    for row in rows {
        let _ = writeln!(
            out,
            "\n{} labels, {:.0} % of them wrong; {} drifts, {:.3} told right; model learned in {} organisations, names causes in {}; \
             training at most {:.1} s",
            row.labels,
            row.mistakes * 100.0,
            row.asked,
            row.right as f64 / row.asked.max(1) as f64,
            row.learned,
            row.speaking,
            row.training.as_secs_f64(),
        );
        let least = row.least.map_or(String::new(), |least| format!("; in the worst organisation {least:.3} right"));
        let _ = writeln!(out, "{}{least}", line("claimed", &row.claimed, row.asked));
        let _ = writeln!(out, "{}", line("named", &row.named, row.asked));
    }
    out
}

/// `driftguard.bench.learning/1`.
pub fn json_of(rows: &[Row]) -> Value {
    let of = |said: &[Answer]| {
        let (right, count, [agreed, truth]) = (right(said), said.len(), errors(said));
        json!({"told": count, "right": right, "interval": wilson(right, count), "calibration_error": agreed,
            "calibration_error_of_truth": truth})
    };
    let rows = rows.iter().map(|row| {
        json!({
            "labels": row.labels, "mistakes": row.mistakes, "asked": row.asked, "learned": row.learned,
            "speaking": row.speaking, "least_accuracy": row.least, "training_seconds": row.training.as_secs_f64(),
            "claimed": of(&row.claimed), "named": of(&row.named), "right": row.right,
        })
    });
    json!({"schema": "driftguard.bench.learning/1", "rows": rows.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_model_names_by_itself_is_right_nine_times_in_ten_and_no_surer_than_that() {
        let rows = measure_at(2, &[0, 1_000], &[0.0]).unwrap();
        println!("{}", text_of(&rows));
        let [without, with] = &rows[..] else { panic!("two sizes") };
        assert!(without.claimed.is_empty() && without.learned == 0);
        assert_eq!((with.learned, with.asked), (2, 2 * ASKED));
        let (right, count) = (right(&with.claimed), with.claimed.len());
        assert!(count >= 30 && right * 10 >= count * 9, "{right} of {count}");
        // What it learned is worth more than the rules alone, and its confidence is not above how often it is right.
        assert!(with.right > without.right, "{} {}", with.right, without.right);
        let sure = with.named.iter().map(|one| one.confidence).sum::<f64>() / with.named.len() as f64;
        assert!(sure <= super::right(&with.named) as f64 / with.named.len() as f64 + 0.05, "{sure}");
    }
}
