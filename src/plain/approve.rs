//! Leave to do something about a drift: asked for, approved, rejected, taken back. The steps are said before anybody says yes.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::{Plain, say, words};
use crate::api::Role;
use crate::drift::{
    DriftDetail, Party, RemediationDecision, RemediationKind, RemediationRequest, RemediationState, RemediationVerb,
};
use crate::safety::Tainted;
use crate::store::RemediationQuery;

impl<R: BufRead, W: Write> Plain<R, W> {
    /// `ask N revert|codify [REASON]`
    pub(super) async fn ask_leave(&mut self, text: &str) -> io::Result<()> {
        let Some((detail, rest)) = self.named(text).await? else { return Ok(()) };
        let (word, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let kind = RemediationKind::ALL.into_iter().find(|kind| [kind.word(), kind.as_str()].contains(&word));
        let Some(kind) = kind else { return self.problem("for what? ask N revert, or ask N codify, and why") };
        let event = &detail.event;
        let Some(advice) = kind.of(event) else {
            return self.problem(&format!("nothing recommends to {} it: there are no steps to approve", kind.word()));
        };
        if let Some(why) = advice.refusal(Timestamp::now()) {
            return self.problem(&why);
        }
        self.say(&format!("{} {}; these steps and no others:", kind.word(), event.resource.resource_id.line()))?;
        self.steps(&advice.implementation_steps)?;
        if !self.yes()? {
            return self.say("nothing was asked for");
        }
        let (reason, expected_version) = (said(reason), Some(event.version));
        let asked =
            RemediationRequest { drift: event.id, kind, reason, expected_version, by: self.party(), once: None };
        match self.service.request_remediation(asked).await {
            Ok(made) => self.say(&format!("asked; {}", made.says(Timestamp::now()))),
            Err(why) => self.problem(&why.to_string()),
        }
    }

    /// `approve N [REASON]`, `reject N [REASON]`, `cancel N [REASON]`
    pub(super) async fn answer_leave(&mut self, verb: RemediationVerb, text: &str) -> io::Result<()> {
        let Some((detail, reason)) = self.named(text).await? else { return Ok(()) };
        let Some(one) = detail.remediation else { return self.problem("nothing was asked for about this drift") };
        if verb == RemediationVerb::Approve {
            self.say(&say::remediation(&one, Timestamp::now()))?;
            self.steps(&one.plan)?;
            if !self.yes()? {
                return self.say("nothing was approved");
            }
        }
        let (reason, expected_version) = (said(reason), Some(one.version));
        let asked = RemediationDecision { id: one.id, verb, reason, expected_version, by: self.party(), once: None };
        match self.service.decide_remediation(asked).await {
            Ok(decided) => self.say(&format!("saved; {}", decided.says(Timestamp::now()))),
            Err(why) => self.problem(&why.to_string()),
        }
    }

    /// What waits for somebody.
    pub(super) async fn approvals(&mut self) -> io::Result<()> {
        let query =
            RemediationQuery { states: vec![RemediationState::AwaitingApproval], ..RemediationQuery::default() };
        match self.service.remediations(query).await {
            Ok(all) if all.is_empty() => self.say("nothing waits for approval"),
            Ok(all) => {
                let now = Timestamp::now();
                for one in all {
                    let listed = self.listed.iter().position(|event| event.id == one.drift);
                    let number = listed.map_or_else(String::new, |at| format!("{}. ", at + 1));
                    let what = format!("{} in {}", one.resource_id.line(), self.places.name(&one.environment));
                    self.say(&format!("{number}{what}: {}", say::remediation(&one, now)))?;
                }
                Ok(())
            }
            Err(why) => self.problem(&why.to_string()),
        }
    }

    fn steps(&mut self, steps: &[Tainted]) -> io::Result<()> {
        let lines: Vec<String> =
            steps.iter().enumerate().map(|(at, one)| format!("   {}. {}", at + 1, one.line())).collect();
        lines.iter().try_for_each(|line| self.say(line))
    }

    /// A server says itself who this is.
    fn party(&self) -> Party {
        let role = self.service.role();
        let (is_here, is_admin) = (role.is_none(), role.is_none_or(|role| role == Role::Admin));
        Party { is_here, is_admin, ..Party::here(self.actor.as_str().into()) }
    }

    /// The one drift a text begins with, else the one that was shown last; and the rest.
    async fn named<'a>(&mut self, text: &'a str) -> io::Result<Option<(DriftDetail, &'a str)>> {
        let (first, rest) = match words::which(text, self.listed.len(), self.current) {
            Ok((which, rest)) if which.rows.len() == 1 && which.changes.is_empty() => (which.rows[0].to_string(), rest),
            Ok(_) => return self.problem("one at a time").map(|()| None),
            Err(why) => return self.problem(&why).map(|()| None),
        };
        Ok(self.one(&first).await?.map(|(_, detail)| (detail, rest)))
    }
}

fn said(reason: &str) -> Option<Tainted> {
    (!reason.trim().is_empty()).then(|| reason.trim().into())
}
