//! Ignoring by rule: made from one drift or one of its changes, shown with what it would hide, and only then made.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::{Plain, words};
use crate::drift::{IgnoreRule, RuleId, TriageVerb};
use crate::safety::Tainted;
use crate::store::literal_pattern;
use crate::tui::app::when;

impl<R: BufRead, W: Write> Plain<R, W> {
    pub(super) async fn ignore(&mut self, text: &str) -> io::Result<()> {
        let (number, change) = match words::numbers(text, self.listed.len(), self.current) {
            Ok((numbers, rest)) if numbers.len() == 1 => (numbers[0], rest.parse::<usize>().ok()),
            Ok(_) => return self.problem("a rule is made from one drift"),
            Err(why) => return self.problem(&why),
        };
        let Some(event) = self.listed.get(number - 1).cloned() else { return Ok(()) };
        let path = match change {
            None => None,
            Some(at) => match event.changes.get(at.wrapping_sub(1)) {
                Some(change) => Some(change.path.raw().to_owned()),
                None => return self.problem(&format!("it has {}", words::count(event.changes.len(), "change"))),
            },
        };
        let Some(reason) = self.ask("reason")?.filter(|reason| !reason.is_empty()) else {
            return self.problem("a rule needs a reason; nothing was decided");
        };
        let Some(ends) = self.ask("until (30d, friday; empty: for good)")? else { return Ok(()) };
        let now = Timestamp::now();
        let expires_at = match when::parse(&ends, now, &self.zone) {
            _ if ends.is_empty() => None,
            Ok(at) => Some(at),
            Err(why) => return self.problem(&why),
        };
        let literal = |text: &str| Some(Tainted::from(literal_pattern(text).as_str()));
        let rule = IgnoreRule {
            id: RuleId::generate(),
            environment: Some(event.environment.clone()),
            resource_type: literal(event.resource.resource_type.raw()),
            resource_id: literal(event.resource.resource_id.raw()),
            path: path.as_deref().and_then(literal),
            value: None,
            actor: None,
            reason: reason.as_str().into(),
            owner: self.actor.as_str().into(),
            created_at: now,
            expires_at,
        };
        if !self.previewed(&rule).await? || !self.yes()? {
            return self.say("not done");
        }
        self.send(number, TriageVerb::Ignore { rule }, Some(reason.as_str().into())).await
    }

    /// Says what the rule would hide now.
    async fn previewed(&mut self, rule: &IgnoreRule) -> io::Result<bool> {
        let reach = match self.service.preview_rule(rule.clone()).await {
            Ok(reach) => reach,
            Err(why) => return self.problem(&why.to_string()).map(|()| false),
        };
        let environment = rule.environment.as_ref().map_or("everywhere".to_owned(), |slug| format!("in {slug}"));
        self.say(&format!("the rule: {} {environment}", rule.says()))?;
        let (drifts, critical) = (words::count(reach.drifts as usize, "drift"), reach.critical);
        let changes = words::count(reach.changes as usize, "change");
        self.say(&format!("it hides {drifts} ({critical} critical), {changes}:"))?;
        for one in &reach.first {
            self.say(&format!("   {} {} in {}", one.severity.as_str(), one.resource_id.line(), one.environment))?;
        }
        Ok(true)
    }
}
