//! Decisions: what is missing is asked for, what settles a drift wants a yes after the exact list, and "saved" is said after the
//! receipt.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::{Plain, say, words};
use crate::drift::{DriftEvent, ResolutionType, TriageRequest, TriageVerb};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::tui::app::when;

/// A verb with all it needs, and why.
type Asked = Option<(TriageVerb, Option<Tainted>)>;

impl<R: BufRead, W: Write> Plain<R, W> {
    pub(super) async fn decide(&mut self, verb: &str, text: &str) -> io::Result<()> {
        let (numbers, rest) = match words::numbers(text, self.listed.len(), self.current) {
            Ok((numbers, rest)) => (numbers, rest.to_owned()),
            Err(why) => return self.problem(&why),
        };
        let Some((verb, reason)) = self.ask_for(verb, &rest)? else { return Ok(()) };
        let settles = matches!(verb, TriageVerb::Resolve { .. });
        if (settles || numbers.len() > 1) && !self.confirmed(&verb, &numbers)? {
            return self.say("not done");
        }
        for number in numbers {
            self.send(number, verb.clone(), reason.clone()).await?;
        }
        Ok(())
    }

    /// Asks for what the line did not say. `None`: it was not understood, or the input ended.
    fn ask_for(&mut self, verb: &str, rest: &str) -> io::Result<Asked> {
        Ok(match verb {
            "ack" | "acknowledge" => Some((TriageVerb::Acknowledge, tainted(rest))),
            "reopen" => Some((TriageVerb::Reopen, tainted(rest))),
            "snooze" => self.ask_snooze(rest)?,
            "assign" => {
                let name = self.or_ask(rest, "to whom (`-`: nobody)")?;
                name.map(|name| (TriageVerb::Assign { to: tainted(&name).filter(|_| name != "-") }, None))
            }
            "note" => match self.or_ask(rest, "note")? {
                Some(text) if !text.is_empty() => Some((TriageVerb::Note { text: text.as_str().into() }, None)),
                Some(_) => {
                    self.problem("the note is empty")?;
                    None
                }
                None => None,
            },
            _ => self.ask_resolve(rest)?,
        })
    }

    fn or_ask(&mut self, rest: &str, what: &str) -> io::Result<Option<String>> {
        if rest.is_empty() { self.ask(what) } else { Ok(Some(rest.to_owned())) }
    }

    fn ask_snooze(&mut self, rest: &str) -> io::Result<Asked> {
        let (until, reason) = match rest.split_once(char::is_whitespace) {
            Some((until, reason)) => (until.to_owned(), Some(reason.trim().to_owned())),
            None => (self.or_ask(rest, "until (1h, 4h, 1d, 1w, friday, 2026-12-01)")?.unwrap_or_default(), None),
        };
        match when::parse(&until, Timestamp::now(), &self.zone) {
            Ok(until) => Ok(Some((TriageVerb::Snooze { until }, reason.as_deref().and_then(tainted)))),
            Err(why) => self.problem(&why).map(|()| None),
        }
    }

    fn ask_resolve(&mut self, rest: &str) -> io::Result<Asked> {
        let (kind, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let choices: Vec<String> =
            ResolutionType::ALL.iter().enumerate().map(|(at, kind)| format!("{} {}", at + 1, kind.as_str())).collect();
        let Some(kind) = self.or_ask(kind, &format!("as ({})", choices.join(", ")))? else { return Ok(None) };
        let by_number = kind.parse::<usize>().ok().and_then(|at| ResolutionType::ALL.get(at.wrapping_sub(1)).copied());
        let found = by_number.or_else(|| ResolutionType::ALL.into_iter().find(|one| one.as_str() == kind));
        let Some(resolution_type) = found else {
            let kind = sanitise::cell(&kind, 30);
            return self
                .problem(&format!("`{kind}` is no resolution; there are {}", choices.join(", ")))
                .map(|()| None);
        };
        let Some(reason) = self.or_ask(reason, "reason")? else { return Ok(None) };
        let Some(reason) = tainted(&reason) else {
            return self.problem("a resolution needs a reason").map(|()| None);
        };
        let mut until = None;
        if resolution_type == ResolutionType::Accepted {
            let Some(text) = self.ask("until (empty: for good)")? else { return Ok(None) };
            match when::parse(&text, Timestamp::now(), &self.zone) {
                _ if text.is_empty() => {}
                Ok(at) => until = Some(at),
                Err(why) => return self.problem(&why).map(|()| None),
            }
        }
        Ok(Some((TriageVerb::Resolve { resolution_type, until }, Some(reason))))
    }

    /// Lists exactly what will be decided; only `yes` is a yes.
    fn confirmed(&mut self, verb: &TriageVerb, numbers: &[usize]) -> io::Result<bool> {
        let what = match verb {
            TriageVerb::Resolve { resolution_type, until } => {
                let end = until.map(|at| format!(" until {}", say::clock(at, &self.zone))).unwrap_or_default();
                format!("resolve as {}{end}", resolution_type.as_str())
            }
            verb => verb.as_str().to_owned(),
        };
        self.say(&format!("{what}, {}:", words::count(numbers.len(), "drift")))?;
        let now = Timestamp::now();
        let rows: Vec<String> =
            numbers.iter().filter_map(|at| Some(say::row(*at, self.listed.get(at - 1)?, now))).collect();
        rows.iter().try_for_each(|row| self.say(&format!("   {row}")))?;
        self.yes()
    }

    pub(super) fn yes(&mut self) -> io::Result<bool> {
        Ok(self.ask("do it? yes or no")?.is_some_and(|answer| matches!(answer.as_str(), "yes" | "y")))
    }

    /// One decision, on the version that was listed.
    pub(super) async fn send(&mut self, number: usize, verb: TriageVerb, reason: Option<Tainted>) -> io::Result<()> {
        let Some(event) = self.listed.get(number - 1) else { return Ok(()) };
        let (id, version) = (event.id, event.version);
        let label = event.resource.resource_id.line();
        let word = verb.as_str().to_owned();
        let actor = Tainted::from(self.actor.as_str());
        let request = TriageRequest { drift: id, verb, reason, actor, expected_version: Some(version) };
        match self.service.triage(request).await {
            Ok(receipt) => {
                self.refresh(receipt.drifts);
                self.decided.push((receipt.seq, id, word.clone()));
                self.say(&format!("saved: {word} {label} (#{})", receipt.seq))
            }
            Err(why) => self.refuse(&format!("{word} {label}"), why),
        }
    }

    /// A drift that has moved on is shown as it is now; nothing was decided.
    fn refuse(&mut self, what: &str, why: ServiceError) -> io::Result<()> {
        if let ServiceError::Conflict(event) = why {
            self.refresh(vec![*event]);
            return self
                .problem(&format!("{what}: it has changed since it was listed, nothing was decided: show it again"));
        }
        self.problem(&format!("{what}: {why}"))
    }

    fn refresh(&mut self, drifts: Vec<DriftEvent>) {
        for drift in drifts {
            self.listed.iter_mut().filter(|row| row.id == drift.id).for_each(|row| *row = drift.clone());
        }
    }

    /// Takes the last decision of this session back.
    pub(super) async fn undo(&mut self) -> io::Result<()> {
        let Some((seq, drift, word)) = self.decided.last().cloned() else {
            return self.problem("nothing was decided in this session");
        };
        let actor = Tainted::from(self.actor.as_str());
        let verb = TriageVerb::Undo { seq };
        match self.service.triage(TriageRequest { drift, verb, reason: None, actor, expected_version: None }).await {
            Ok(receipt) => {
                self.decided.pop();
                self.refresh(receipt.drifts);
                self.say(&format!("saved: undo {word} (#{seq})"))
            }
            Err(why) => self.refuse(&format!("undo {word}"), why),
        }
    }
}

fn tainted(text: &str) -> Option<Tainted> {
    (!text.is_empty()).then(|| Tainted::from(text))
}
