//! What was decided is taken back: the last of this session, or any that the history numbers.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use super::{Plain, words};
use crate::drift::{
    AuditEntry, DriftId, NeverHideRequest, NeverHideVerb, RuleId, RuleRequest, RuleVerb, TriageRequest, TriageVerb,
};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::store::Receipt;

/// What a decision was about.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum On {
    Drift(DriftId),
    Rule(RuleId),
    NeverHide(RuleId),
}

/// What was decided by one command, in the order it was saved.
#[derive(Clone, Default)]
pub(super) struct Batch {
    decided: Vec<(u64, On, String)>,
}

impl Batch {
    pub fn add(&mut self, word: &str, seq: u64, on: On) {
        self.decided.push((seq, on, word.to_owned()));
    }

    /// Goes to the others, if there is anything in it.
    pub fn keep(self, others: &mut Vec<Self>) -> bool {
        let is_something = !self.decided.is_empty();
        others.extend(Some(self).filter(|_| is_something));
        is_something
    }

    pub fn len(&self) -> usize {
        self.decided.len()
    }
}

/// Entries in which a number is looked for.
const ENTRIES: usize = 5000;

impl<R: BufRead, W: Write> Plain<R, W> {
    pub(super) async fn undo(&mut self, text: &str) -> io::Result<()> {
        if !text.is_empty() {
            return match text.trim_start_matches('#').parse() {
                Ok(seq) => self.undo_number(seq).await,
                Err(_) => self.problem("undo wants the number of a decision, as `history` has it"),
            };
        }
        let Some(batch) = self.decided.last().cloned() else {
            return self.problem("nothing was decided in this session");
        };
        if batch.len() > 1 {
            self.say(&format!("take back {}:", words::count(batch.len(), "decision")))?;
            batch.decided.iter().try_for_each(|one| self.say(&self.told(one)))?;
            if !self.yes()? {
                return self.say("not done");
            }
        }
        // The last goes first: it may rest on those before it.
        let decided: Vec<_> = batch.decided.into_iter().rev().collect();
        let of_drifts = decided.iter().filter_map(|(seq, on, _)| match on {
            On::Drift(drift) => Some(self.undo_of(*drift, *seq)),
            On::Rule(_) | On::NeverHide(_) => None,
        });
        let requests: Vec<TriageRequest> = of_drifts.collect();
        if requests.len() < decided.len() {
            for (seq, on, word) in decided {
                self.take_back(seq, on, &word).await?;
            }
            return Ok(());
        }
        // What was decided at once is taken back at once.
        match self.service.triage_many(requests).await {
            Ok(answers) => {
                decided.iter().zip(answers).try_for_each(|((seq, _, word), answer)| self.taken_back(*seq, word, answer))
            }
            Err(why) => self.problem(&why.to_string()),
        }
    }

    fn undo_of(&self, drift: DriftId, seq: u64) -> TriageRequest {
        let (verb, actor) = (TriageVerb::Undo { seq }, Tainted::from(self.actor.as_str()));
        TriageRequest { drift, verb, reason: None, actor, expected_version: None, once: None }
    }

    async fn undo_number(&mut self, seq: u64) -> io::Result<()> {
        let entries = match self.service.audit(ENTRIES).await {
            Ok(entries) => entries,
            Err(why) => return self.problem(&why.to_string()),
        };
        match entries.iter().find(|entry| entry.seq == seq).and_then(|entry| Some((about(entry)?, &entry.action))) {
            Some((on, action)) => self.take_back(seq, on, &sanitise::line(action)).await,
            None => self.problem(&format!("#{seq} is no decision that could be taken back")),
        }
    }

    async fn take_back(&mut self, seq: u64, on: On, word: &str) -> io::Result<()> {
        let (actor, reason) = (Tainted::from(self.actor.as_str()), None);
        let answer = match on {
            On::Drift(drift) => self.service.triage(self.undo_of(drift, seq)).await,
            On::Rule(rule) => {
                let verb = RuleVerb::Undo { seq };
                self.service.change_rule(RuleRequest { rule, verb, reason, actor, expected: None, once: None }).await
            }
            On::NeverHide(rule) => {
                let verb = NeverHideVerb::Undo { seq };
                let request = NeverHideRequest { rule, verb, reason, actor, drift: None, expected: None, once: None };
                self.service.change_never_hide(request).await
            }
        };
        self.taken_back(seq, word, answer)
    }

    fn taken_back(&mut self, seq: u64, word: &str, answer: Result<Receipt, ServiceError>) -> io::Result<()> {
        match answer {
            Ok(receipt) => {
                let names: BTreeSet<String> =
                    receipt.drifts.iter().map(|event| event.resource.resource_id.line()).collect();
                let on = match names.len() {
                    0 => String::new(),
                    1 => names.into_iter().map(|name| format!(" {name}")).collect(),
                    many => format!(" of {many} resources"),
                };
                self.decided.iter_mut().for_each(|batch| batch.decided.retain(|(of, ..)| *of != seq));
                self.decided.retain(|batch| batch.len() > 0);
                self.refresh(receipt.drifts);
                self.say(&format!("saved: undo {word}{on} (#{seq})"))
            }
            Err(why) => self.refuse(&format!("undo {word}"), why),
        }
    }

    /// What can still be taken back.
    pub(super) fn decisions(&mut self) -> io::Result<()> {
        if self.decided.is_empty() {
            return self.say("nothing was decided in this session");
        }
        let all: Vec<_> = self.decided.iter().flat_map(|batch| &batch.decided).cloned().collect();
        all.iter().rev().try_for_each(|one| self.say(&self.told(one)))
    }

    /// `   #12 snooze aws_vpc.main in prod-eu (PRODUCTION)`; of what is no longer listed only what was done.
    fn told(&self, (seq, on, word): &(u64, On, String)) -> String {
        let event = match on {
            On::Drift(id) => self.listed.iter().find(|event| event.id == *id),
            On::Rule(_) | On::NeverHide(_) => None,
        };
        let on = event
            .map(|event| format!(" {} in {}", event.resource.resource_id.line(), self.places.name(&event.environment)));
        format!("   #{seq} {word}{}", on.unwrap_or_default())
    }
}

/// What an entry of the history was decided about.
fn about(entry: &AuditEntry) -> Option<On> {
    let of_rule = entry.rule.as_ref().and_then(|change| change.before.as_ref().or(change.after.as_ref()));
    let never = entry.never_hide.as_ref().and_then(|change| change.before.as_ref().or(change.after.as_ref()));
    of_rule
        .map(|rule| On::Rule(rule.id))
        .or_else(|| never.map(|rule| On::NeverHide(rule.id)))
        .or_else(|| entry.verb.as_ref().and(entry.drift).map(On::Drift))
}
