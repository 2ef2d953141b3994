//! Decisions: what settles a drift, or is about several, wants a yes after the exact list, and "saved" is said after the receipt.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::asking::Asked;
use super::undo::{Batch, On};
use super::{Plain, say, words};
use crate::drift::{DriftEvent, TriageRequest, TriageVerb};
use crate::safety::Tainted;
use crate::service::{ServiceError, permission};
use crate::store::Match;

impl<R: BufRead, W: Write> Plain<R, W> {
    pub(super) async fn decide(&mut self, word: &str, text: &str) -> io::Result<()> {
        let Some((mut chosen, rest)) = self.choose(text).await? else { return Ok(()) };
        if matches!(word, "resolve" | "accept" | "escalate") {
            chosen.targets = self.allowed(word, chosen.targets)?;
        }
        if chosen.targets.is_empty() {
            return Ok(());
        }
        let Some(asked) = self.ask_for(word, &rest, &chosen).await? else { return Ok(()) };
        if !self.confirmed(&asked, &chosen.targets)? {
            return self.say("not done");
        }
        self.send(chosen.targets, asked).await
    }

    /// The last decision again.
    pub(super) async fn repeat(&mut self, text: &str) -> io::Result<()> {
        let Some(asked) = self.last.clone() else {
            return self.problem("nothing was decided in this session that can be done again");
        };
        let Some((mut chosen, rest)) = self.choose(text).await? else { return Ok(()) };
        if !rest.is_empty() || !chosen.paths.is_empty() {
            return self.problem("repeat wants numbers of drifts, and nothing else");
        }
        if asked.verbs.iter().any(permission::settles) {
            chosen.targets = self.allowed("repeat", chosen.targets)?;
        }
        if chosen.targets.is_empty() {
            return Ok(());
        }
        if !self.confirmed(&asked, &chosen.targets)? {
            return self.say("not done");
        }
        self.send(chosen.targets, asked).await
    }

    /// Those that may be settled; of the others it is said at once why not, before anything is asked for.
    pub(super) fn allowed(&mut self, word: &str, targets: Vec<Match>) -> io::Result<Vec<Match>> {
        let read_only = self.service.read_only();
        let mut allowed = vec![];
        for target in targets {
            let refusal = permission::deciding(read_only.as_deref())
                .and_then(|()| permission::settling(&self.places.protected, [&target.environment]));
            match refusal {
                Ok(()) => allowed.push(target),
                Err(why) => self.problem(&format!("{word} {}: {why}", target.resource_id.line()))?,
            }
        }
        Ok(allowed)
    }

    /// Lists exactly what will be decided; only `yes` is a yes. One that settles nothing needs none.
    fn confirmed(&mut self, asked: &Asked, targets: &[Match]) -> io::Result<bool> {
        if targets.len() == 1 && !asked.verbs.iter().any(permission::settles) {
            return Ok(true);
        }
        let what: Vec<String> = asked.verbs.iter().map(|verb| self.says(verb)).collect();
        let (count, place) = (words::count(targets.len(), "drift"), self.places.sentence(targets));
        self.say(&format!("{}, {count} {place}:", what.join(", then ")))?;
        for target in targets {
            self.say(&format!("   {}", say::target(target, &self.places.name(&target.environment))))?;
            let event = self.listed.iter().find(|event| event.id == target.id);
            let forbidden = event.and_then(|event| asked.verbs.iter().find_map(|verb| event.forbidden(verb)));
            forbidden.iter().try_for_each(|why| self.say(&format!("   but {why}")))?;
        }
        if let Some(reason) = &asked.reason {
            self.say(&format!("   reason: {}", reason.line()))?;
        }
        self.yes()
    }

    fn says(&self, verb: &TriageVerb) -> String {
        let end = |until: &Option<Timestamp>| {
            until.map(|at| format!(" until {}", say::clock(at, &self.zone))).unwrap_or_default()
        };
        match verb {
            TriageVerb::Resolve { resolution_type, until } => {
                format!("resolve as {}{}", resolution_type.as_str(), end(until))
            }
            TriageVerb::SettleChanges { paths, resolution_type, until } => {
                let paths: Vec<String> = paths.iter().map(|path| path.0.line()).collect();
                format!("resolve {} as {}{}", paths.join(" and "), resolution_type.as_str(), end(until))
            }
            TriageVerb::Snooze { until } => format!("snooze{}", end(&Some(*until))),
            TriageVerb::Assign { to } => format!("assign to {}", to.as_ref().map_or("nobody".into(), Tainted::line)),
            verb => verb.as_str().to_owned(),
        }
    }

    pub(super) fn yes(&mut self) -> io::Result<bool> {
        Ok(self.ask("do it? yes or no")?.is_some_and(|answer| matches!(answer.as_str(), "yes" | "y")))
    }

    /// Each verb on the version that was listed, or that the verb before it left.
    pub(super) async fn send(&mut self, mut targets: Vec<Match>, asked: Asked) -> io::Result<()> {
        let mut batch = Batch::default();
        for verb in &asked.verbs {
            let requests = targets.iter().map(|target| TriageRequest {
                drift: target.id,
                verb: verb.clone(),
                reason: asked.reason.clone(),
                actor: Tainted::from(self.actor.as_str()),
                expected_version: Some(target.version),
                once: None,
            });
            let answers = match self.service.triage_many(requests.collect()).await {
                Ok(answers) => answers,
                Err(why) => return self.problem(&why.to_string()),
            };
            let mut next = vec![];
            for (target, answer) in targets.iter().zip(answers) {
                let what = format!("{} {}", verb.as_str(), target.resource_id.line());
                match answer {
                    Ok(receipt) => {
                        batch.add(verb.as_str(), receipt.seq, On::Drift(target.id));
                        let now = Timestamp::now();
                        let event = receipt.drifts.iter().find(|event| event.id == target.id);
                        next.extend(event.map(|event| Match::of(event, now)));
                        self.refresh(receipt.drifts);
                        self.say(&format!("saved: {what} (#{})", receipt.seq))?;
                    }
                    Err(why) => self.refuse(&what, why)?,
                }
            }
            targets = next;
        }
        if batch.keep(&mut self.decided) && asked.verbs.iter().all(can_be_repeated) {
            self.last = Some(asked);
        }
        Ok(())
    }

    /// A drift that has moved on is shown as it is now; nothing was decided.
    pub(super) fn refuse(&mut self, what: &str, why: ServiceError) -> io::Result<()> {
        if let ServiceError::Conflict(event) = why {
            self.refresh(vec![*event]);
            return self
                .problem(&format!("{what}: it has changed since it was listed, nothing was decided: show it again"));
        }
        self.problem(&format!("{what}: {why}"))
    }

    pub(super) fn refresh(&mut self, drifts: Vec<DriftEvent>) {
        for drift in drifts {
            self.listed.iter_mut().filter(|row| row.id == drift.id).for_each(|row| *row = drift.clone());
        }
    }
}

/// Changes and rules are those of one drift.
fn can_be_repeated(verb: &TriageVerb) -> bool {
    use TriageVerb as V;
    matches!(
        verb,
        V::Acknowledge | V::Snooze { .. } | V::Assign { .. } | V::Resolve { .. } | V::Note { .. } | V::Reopen
    )
}
