//! The rules that are there: listed, changed, deleted.

use std::io::{self, BufRead, Write};

use super::ignore::PATTERNS;
use super::undo::{Batch, On};
use super::{Plain, hidden, say, words};
use crate::drift::{
    IgnoreRule, NeverHideRequest, NeverHideRule, NeverHideVerb, RuleId, RuleReach, RuleRequest, RuleVerb,
};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::store::Receipt;

/// As it was listed.
#[derive(Clone)]
pub(super) enum Listed {
    Ignore(IgnoreRule),
    NeverHide(NeverHideRule),
}

impl<R: BufRead, W: Write> Plain<R, W> {
    pub(super) async fn list_rules(&mut self) -> io::Result<()> {
        let found = match self.service.rules().await {
            Ok(rules) => self.service.never_hidden().await.map(|never| (rules, never)),
            Err(why) => Err(why),
        };
        let (rules, never) = match found {
            Ok(found) => found,
            Err(why) => return self.problem(&why.to_string()),
        };
        self.rules.clear();
        for one in rules.iter().rev() {
            self.rules.push(Listed::Ignore(one.rule.clone()));
            let mut ends = one.rule.expires_at.map_or("for good".to_owned(), |at| say::clock(at, &self.zone));
            if one.is_expired {
                ends = format!("over since {ends}");
            }
            let (number, says, place) =
                (self.rules.len(), one.rule.says(), self.places.reach(one.rule.environment.as_ref()));
            let owner = one.rule.owner.line();
            self.say(&format!("{number}. ignores {says} {place}, {ends}, by {owner}: {}", one.rule.reason.line()))?;
            self.say(&format!("   {}", hides(&one.hides)))?;
        }
        for rule in never.iter().rev() {
            self.rules.push(Listed::NeverHide(rule.clone()));
            let (number, place) = (self.rules.len(), self.places.reach(rule.environment.as_ref()));
            self.say(&format!("{number}. never hides {} {place}, by {}", rule.says(), rule.owner.line()))?;
        }
        let count = words::count(self.rules.len(), "rule");
        self.say(&format!("{count} listed"))
    }

    fn one_rule<'a>(&mut self, text: &'a str) -> io::Result<Option<(Listed, &'a str)>> {
        match words::one(text, self.rules.len(), "rules") {
            Ok((number, rest)) => Ok(self.rules.get(number - 1).cloned().map(|rule| (rule, rest))),
            Err(why) => self.problem(&why).map(|()| None),
        }
    }

    pub(super) async fn edit_rule(&mut self, text: &str) -> io::Result<()> {
        let Some((listed, rest)) = self.one_rule(text)? else { return Ok(()) };
        match listed {
            Listed::Ignore(before) => {
                let mut to = before.clone();
                let typed = words::pairs(rest, &PATTERNS).and_then(|pairs| self.apply(&pairs, &mut to));
                if let Err(why) = changed(typed, to == before) {
                    return self.problem(&why);
                }
                if !self.previewed(&to).await? || !self.yes()? {
                    return self.say("not done");
                }
                self.change(before, RuleVerb::Change { to }).await
            }
            Listed::NeverHide(before) => {
                let mut to = before.clone();
                let typed = words::pairs(rest, &hidden::PATTERNS).and_then(|pairs| hidden::apply(&pairs, &mut to));
                if let Err(why) = changed(typed, to == before) {
                    return self.problem(&why);
                }
                if !self.brings_to_light(&to).await? || !self.yes()? {
                    return self.say("not done");
                }
                self.change_never_hide(before.id, Some(before), NeverHideVerb::Put { rule: to }).await
            }
        }
    }

    pub(super) async fn delete_rule(&mut self, text: &str) -> io::Result<()> {
        let Some((listed, rest)) = self.one_rule(text)? else { return Ok(()) };
        if !rest.is_empty() {
            return self.problem("delete-rule wants the number of one rule, and nothing else");
        }
        let (says, follows) = match &listed {
            Listed::Ignore(rule) => (rule.says(), "what it hides comes back"),
            Listed::NeverHide(rule) => (rule.says(), "what it brought to light may be hidden again by the next scan"),
        };
        self.say(&format!("delete the rule {says}: {follows}"))?;
        if !self.yes()? {
            return self.say("not done");
        }
        match listed {
            Listed::Ignore(rule) => self.change(rule, RuleVerb::Delete).await,
            Listed::NeverHide(rule) => self.change_never_hide(rule.id, Some(rule), NeverHideVerb::Delete).await,
        }
    }

    async fn change(&mut self, before: IgnoreRule, verb: RuleVerb) -> io::Result<()> {
        let (word, rule, actor) = (verb.as_str(), before.id, Tainted::from(self.actor.as_str()));
        let request = RuleRequest { rule, verb, reason: None, actor, expected: Some(before), once: None };
        let answer = self.service.change_rule(request).await;
        self.saved(word, On::Rule(rule), answer)
    }

    pub(super) async fn change_never_hide(
        &mut self,
        rule: RuleId,
        expected: Option<NeverHideRule>,
        verb: NeverHideVerb,
    ) -> io::Result<()> {
        let (word, actor) = (verb.as_str(), Tainted::from(self.actor.as_str()));
        let request = NeverHideRequest { rule, verb, actor, reason: None, drift: None, expected, once: None };
        let answer = self.service.change_never_hide(request).await;
        self.saved(word, On::NeverHide(rule), answer)
    }

    fn saved(&mut self, word: &str, on: On, answer: Result<Receipt, ServiceError>) -> io::Result<()> {
        match answer {
            Ok(receipt) => {
                let mut batch = Batch::default();
                batch.add(word, receipt.seq, on);
                batch.keep(&mut self.decided);
                self.refresh(receipt.drifts);
                self.say(&format!("saved: {word} (#{})", receipt.seq))
            }
            Err(why) => self.problem(&format!("{word}: {}", sanitise::line(&why.to_string()))),
        }
    }
}

/// What is wrong with an edit.
fn changed(typed: Result<(), String>, is_same: bool) -> Result<(), String> {
    typed?;
    if is_same { Err("nothing of the rule is changed: edit-rule 1 id=web-* until=30d".into()) } else { Ok(()) }
}

fn hides(reach: &RuleReach) -> String {
    let count = |number: u64, noun| words::count(usize::try_from(number).unwrap_or(usize::MAX), noun);
    match reach.drifts {
        0 => "hides nothing now".to_owned(),
        drifts => format!(
            "hides {} ({} critical), {}",
            count(drifts, "drift"),
            reach.critical,
            count(reach.changes, "change")
        ),
    }
}
