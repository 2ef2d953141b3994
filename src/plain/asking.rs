//! What a decision needs to know and the line did not say is asked for.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::Plain;
use super::choose::Chosen;
use crate::drift::{Cause, Effort, NewAdvice, Priority, PropertyPath, Recommendation, ResolutionType, TriageVerb};
use crate::safety::{Tainted, sanitise};
use crate::tui::app::when;

/// Verbs for each drift, one after the other, and why.
#[derive(Clone)]
pub(super) struct Asked {
    pub verbs: Vec<TriageVerb>,
    pub reason: Option<Tainted>,
}

/// Names that are offered.
const OFFERED: usize = 8;
const FOR_GOOD: &str = "until (2h, friday, 2026-12-01; empty: for good)";

impl<R: BufRead, W: Write> Plain<R, W> {
    /// `advise N TYPE WHY`
    fn advise(&mut self, rest: &str) -> io::Result<Option<Asked>> {
        let (word, why) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let Ok(recommendation_type) = serde_json::from_value(word.into()) else {
            let kinds = "auto_revert, codify_iac, escalate_review, accept_exception or manual_review";
            return self.problem(&format!("what? advise N TYPE WHY, where TYPE is {kinds}")).map(|()| None);
        };
        let Some(rationale) = tainted(why.trim()) else {
            return self.problem("why? it is the first that people see").map(|()| None);
        };
        let (priority, estimated_effort) = (Priority::Medium, Effort::Hours);
        let advice =
            NewAdvice { recommendation_type, priority, rationale, steps: vec![], estimated_effort, expires_at: None };
        Ok(Some(Asked { verbs: vec![TriageVerb::Advise { advice: Box::new(advice) }], reason: None }))
    }

    /// `tick N TYPE STEP`: done, or not done after all.
    fn tick(&mut self, rest: &str, chosen: &Chosen) -> io::Result<Option<Asked>> {
        let (word, step) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let event = chosen.targets.first().and_then(|target| self.listed.iter().find(|event| event.id == target.id));
        let advice = event.and_then(|event| {
            let is_it = |advice: &&Recommendation| advice.recommendation_type.as_str() == word;
            let (mut all, now) = (event.recommendations.iter().filter(is_it), Timestamp::now());
            // What may be followed comes before what a policy forbids.
            let first = all.clone().find(|advice| advice.refusal(now).is_none());
            Some((event, first.or_else(|| all.next())?))
        });
        let (Some((event, advice)), Ok(step)) = (advice, step.trim().parse::<u32>()) else {
            return self.problem("which step? tick N TYPE STEP, as `show` names and numbers them").map(|()| None);
        };
        let done = event.tick(advice, step).is_none();
        let verbs = vec![TriageVerb::Tick { advice: advice.key(), step, done }];
        Ok(Some(Asked { verbs, reason: None }))
    }

    /// `None`: it was not understood, and that has been said, or the input ended.
    pub(super) async fn ask_for(&mut self, word: &str, rest: &str, chosen: &Chosen) -> io::Result<Option<Asked>> {
        let of_changes = !chosen.paths.is_empty();
        if of_changes && !matches!(word, "resolve" | "accept" | "escalate" | "reopen") {
            return self.problem(&format!("{word} is about a whole drift, not about single changes")).map(|()| None);
        }
        match word {
            "ack" | "acknowledge" => self.with_reason(vec![TriageVerb::Acknowledge], rest, false),
            "reopen" if of_changes => {
                self.with_reason(vec![TriageVerb::ReopenChanges { paths: chosen.paths.clone() }], rest, false)
            }
            "reopen" => self.with_reason(vec![TriageVerb::Reopen], rest, false),
            "split" => self.with_reason(vec![TriageVerb::Split], rest, false),
            "rejoin" => self.with_reason(vec![TriageVerb::Rejoin], rest, false),
            "snooze" => self.ask_snooze(rest),
            "accept" => self.ask_accept(rest, &chosen.paths),
            "escalate" => self.ask_escalate(rest, &chosen.paths).await,
            "assign" => {
                let Some(name) = self.ask_name(rest, "to whom (`-`: nobody").await? else { return Ok(None) };
                let to = tainted(&name).filter(|_| name != "-");
                Ok(Some(Asked { verbs: vec![TriageVerb::Assign { to }], reason: None }))
            }
            "advise" => self.advise(rest),
            "tick" => self.tick(rest, chosen),
            "note" => match self.or_ask(rest, "note")? {
                Some(text) if text.is_empty() => self.problem("the note is empty").map(|()| None),
                text => Ok(text
                    .map(|text| Asked { verbs: vec![TriageVerb::Note { text: text.as_str().into() }], reason: None })),
            },
            "cause" => self.ask_cause(rest),
            _ => self.ask_resolve(rest, &chosen.paths),
        }
    }

    fn or_ask(&mut self, rest: &str, what: &str) -> io::Result<Option<String>> {
        if rest.is_empty() { self.ask(what) } else { Ok(Some(rest.to_owned())) }
    }

    /// The reason that was given, else asked for where one is needed or `asks` says so.
    fn with_reason(&mut self, verbs: Vec<TriageVerb>, given: &str, asks: bool) -> io::Result<Option<Asked>> {
        let required = self.service.require_reason();
        let needs = verbs.iter().find_map(|verb| required.asks(verb));
        let mut reason = given.to_owned();
        if reason.is_empty() && (asks || needs.is_some()) {
            let Some(typed) = self.ask(if needs.is_some() { "reason" } else { "reason (may be empty)" })? else {
                return Ok(None);
            };
            reason = typed;
        }
        match needs {
            Some(name) if reason.is_empty() => {
                self.problem(&format!("{name} needs a reason; nothing was decided")).map(|()| None)
            }
            _ => Ok(Some(Asked { verbs, reason: tainted(&reason) })),
        }
    }

    fn ask_snooze(&mut self, rest: &str) -> io::Result<Option<Asked>> {
        let (until, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let Some(until) = self.or_ask(until, "until (1h, 4h, 1d, 1w, friday, 2026-12-01)")? else { return Ok(None) };
        match when::parse(&until, Timestamp::now(), &self.zone) {
            Ok(until) => self.with_reason(vec![TriageVerb::Snooze { until }], reason.trim(), false),
            Err(why) => self.problem(&why).map(|()| None),
        }
    }

    fn ask_accept(&mut self, rest: &str, paths: &[PropertyPath]) -> io::Result<Option<Asked>> {
        let (until, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let Some(until) = self.or_ask(until, FOR_GOOD)? else { return Ok(None) };
        let until = match self.end(&until) {
            Ok(until) => until,
            Err(why) => return self.problem(&why).map(|()| None),
        };
        self.with_reason(vec![settle(paths, ResolutionType::Accepted, until)], reason.trim(), true)
    }

    async fn ask_escalate(&mut self, rest: &str, paths: &[PropertyPath]) -> io::Result<Option<Asked>> {
        let escalated = settle(paths, ResolutionType::Escalated, None);
        if !paths.is_empty() {
            // Somebody is asked about the whole of it, if at all.
            return self.with_reason(vec![escalated], rest, true);
        }
        let (name, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let Some(name) = self.ask_name(name, "to whom (a name or a team").await? else { return Ok(None) };
        if name.is_empty() || name == "-" {
            return self.problem("to whom? nothing was decided").map(|()| None);
        }
        self.with_reason(vec![escalated, TriageVerb::Assign { to: tainted(&name) }], reason.trim(), true)
    }

    /// Offers who is configured, and who decided or was asked before.
    async fn ask_name(&mut self, given: &str, what: &str) -> io::Result<Option<String>> {
        if !given.is_empty() {
            return Ok(Some(given.to_owned()));
        }
        // Without an answer any name can be typed all the same.
        let remembered = self.service.people().await.unwrap_or_default();
        let mut known = self.people.clone();
        for name in remembered.iter().map(Tainted::line) {
            if !known.contains(&name) {
                known.push(name);
            }
        }
        known.truncate(OFFERED);
        let known = if known.is_empty() { String::new() } else { format!("; known: {}", known.join(", ")) };
        self.ask(&format!("{what}{known})"))
    }

    fn ask_resolve(&mut self, rest: &str, paths: &[PropertyPath]) -> io::Result<Option<Asked>> {
        let (kind, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let choices: Vec<String> =
            ResolutionType::ALL.iter().enumerate().map(|(at, kind)| format!("{} {}", at + 1, kind.as_str())).collect();
        let Some(kind) = self.or_ask(kind, &format!("as ({})", choices.join(", ")))? else { return Ok(None) };
        let by_number = kind.parse::<usize>().ok().and_then(|at| ResolutionType::ALL.get(at.wrapping_sub(1)).copied());
        let found = by_number.or_else(|| ResolutionType::ALL.into_iter().find(|one| one.as_str() == kind));
        let Some(kind) = found else {
            let why = format!("`{}` is no resolution; there are {}", sanitise::cell(&kind, 30), choices.join(", "));
            return self.problem(&why).map(|()| None);
        };
        let asked = self.with_reason(vec![settle(paths, kind, None)], reason.trim(), true)?;
        let asked = match asked {
            Some(asked) if kind == ResolutionType::Accepted => asked,
            asked => return Ok(asked),
        };
        let Some(text) = self.ask(FOR_GOOD)? else { return Ok(None) };
        match self.end(&text) {
            Ok(until) => Ok(Some(Asked { verbs: vec![settle(paths, kind, until)], ..asked })),
            Err(why) => self.problem(&why).map(|()| None),
        }
    }

    fn ask_cause(&mut self, rest: &str) -> io::Result<Option<Asked>> {
        let words = Cause::ALL.map(Cause::as_str).join(", ");
        let Some(said) = self.or_ask(rest, &format!("cause ({words})"))? else { return Ok(None) };
        match Cause::ALL.into_iter().find(|cause| cause.as_str() == said) {
            Some(cause) => self.with_reason(vec![TriageVerb::JudgeCause { cause, features: None }], "", false),
            None => {
                let why = format!("`{}` is no cause; there are {words}", sanitise::cell(&said, 30));
                self.problem(&why).map(|()| None)
            }
        }
    }

    /// Nothing, or a hyphen: for good.
    pub(super) fn end(&self, text: &str) -> Result<Option<Timestamp>, String> {
        match text {
            "" | "-" => Ok(None),
            text => when::parse(text, Timestamp::now(), &self.zone).map(Some),
        }
    }
}

/// The whole, or some of its changes.
fn settle(paths: &[PropertyPath], resolution_type: ResolutionType, until: Option<Timestamp>) -> TriageVerb {
    match paths {
        [] => TriageVerb::Resolve { resolution_type, until },
        paths => TriageVerb::SettleChanges { paths: paths.to_vec(), resolution_type, until },
    }
}

pub(super) fn tainted(text: &str) -> Option<Tainted> {
    (!text.is_empty()).then(|| Tainted::from(text))
}
