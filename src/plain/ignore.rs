//! Ignoring by rule: made from one drift or one of its changes, shown with what it would hide, and only then made.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::asking::{Asked, tainted};
use super::{Plain, words};
use crate::drift::{IgnoreRule, PropertyPath, RuleId, Slug, TriageVerb};
use crate::safety::Tainted;
use crate::store::{Match, literal_pattern};

/// What can be said of a rule.
pub(super) const PATTERNS: [&str; 8] = ["in", "type", "id", "path", "value", "by", "until", "reason"];
pub(super) const EVERYWHERE: &str = "everywhere";

impl<R: BufRead, W: Write> Plain<R, W> {
    pub(super) async fn ignore(&mut self, text: &str) -> io::Result<()> {
        let Some((chosen, rest)) = self.choose(text).await? else { return Ok(()) };
        let [target] = chosen.targets.as_slice() else { return self.problem("a rule is made from one drift") };
        if self.allowed("ignore", vec![target.clone()])?.is_empty() {
            return Ok(());
        }
        let Some((path, rest)) = self.change_of(target, &chosen.paths, &rest)? else { return Ok(()) };
        let pairs = match words::pairs(&rest, &PATTERNS) {
            Ok(pairs) => pairs,
            Err(why) => return self.problem(&why),
        };
        let given = |name: &str| pairs.iter().any(|(one, _)| one == name);
        let mut rule = self.offered(target, path.as_ref());
        if let Err(why) = self.apply(&pairs, &mut rule) {
            return self.problem(&why);
        }
        if !given("reason") {
            let Some(reason) = self.ask("reason")? else { return Ok(()) };
            rule.reason = reason.as_str().into();
        }
        if rule.reason.raw().trim().is_empty() {
            return self.problem("a rule needs a reason; nothing was decided");
        }
        if !given("until") {
            let Some(ends) = self.ask("until (30d, friday; empty: for good)")? else { return Ok(()) };
            match self.end(&ends) {
                Ok(at) => rule.expires_at = at,
                Err(why) => return self.problem(&why),
            }
        }
        if !self.previewed(&rule).await? || !self.yes()? {
            return self.say("not done");
        }
        let reason = Some(rule.reason.clone());
        self.send(vec![target.clone()], Asked { verbs: vec![TriageVerb::Ignore { rule }], reason }).await
    }

    /// The change it is about, as `2/1`, or as a number after that of the drift; and what else is typed.
    fn change_of(
        &mut self,
        target: &Match,
        paths: &[PropertyPath],
        rest: &str,
    ) -> io::Result<Option<(Option<PropertyPath>, String)>> {
        let (first, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match (paths, first.parse::<usize>()) {
            ([], Err(_)) => Ok(Some((None, rest.to_owned()))),
            ([path], Err(_)) => Ok(Some((Some(path.clone()), rest.to_owned()))),
            ([], Ok(at)) => {
                let event = self.listed.iter().find(|event| event.id == target.id);
                let changes = event.map_or(&[][..], |event| event.changes.as_slice());
                match changes.get(at.wrapping_sub(1)) {
                    Some(change) => Ok(Some((Some(change.path.clone()), after.to_owned()))),
                    None => {
                        let count = words::count(changes.len(), "change");
                        self.problem(&format!("there is no change {at}: it has {count}")).map(|()| None)
                    }
                }
            }
            _ => self.problem("a rule is made from one change, or from the whole drift").map(|()| None),
        }
    }

    /// Exactly this drift, or this change of it.
    fn offered(&self, target: &Match, path: Option<&PropertyPath>) -> IgnoreRule {
        let literal = |text: &str| Some(Tainted::from(literal_pattern(text).as_str()));
        IgnoreRule {
            id: RuleId::generate(),
            environment: Some(target.environment.clone()),
            resource_type: literal(target.resource_type.raw()),
            resource_id: literal(target.resource_id.raw()),
            path: path.and_then(|path| literal(path.raw())),
            value: None,
            actor: None,
            reason: "".into(),
            owner: self.actor.as_str().into(),
            created_at: Timestamp::now(),
            expires_at: None,
        }
    }

    /// Puts what was typed into a rule.
    pub(super) fn apply(&self, pairs: &[(String, String)], rule: &mut IgnoreRule) -> Result<(), String> {
        for (name, value) in pairs {
            match name.as_str() {
                "in" => rule.environment = place(value)?,
                "type" => rule.resource_type = pattern(value),
                "id" => rule.resource_id = pattern(value),
                "path" => rule.path = pattern(value),
                "value" => rule.value = pattern(value),
                "by" => rule.actor = pattern(value),
                "reason" => rule.reason = value.as_str().into(),
                _ => rule.expires_at = self.end(value)?,
            }
        }
        if rule.patterns().next().is_none() {
            return Err("a rule for everything would hide everything: give a type, id, path, value or who".into());
        }
        Ok(())
    }

    /// Says what the rule would hide now.
    pub(super) async fn previewed(&mut self, rule: &IgnoreRule) -> io::Result<bool> {
        let reach = match self.service.preview_rule(rule.clone()).await {
            Ok(reach) => reach,
            Err(why) => return self.problem(&why.to_string()).map(|()| false),
        };
        self.say(&format!("the rule: {} {}", rule.says(), self.places.reach(rule.environment.as_ref())))?;
        let (drifts, critical) = (words::count(reach.drifts as usize, "drift"), reach.critical);
        let changes = words::count(reach.changes as usize, "change");
        self.say(&format!("it hides {drifts} ({critical} critical), {changes}:"))?;
        for one in &reach.first {
            let place = self.places.name(&one.environment);
            self.say(&format!("   {} {} in {place}", one.severity.as_str(), one.resource_id.line()))?;
        }
        if let Some(warning) = reach.actor_warning() {
            self.say(&format!("   {warning}"))?;
        }
        Ok(true)
    }
}

/// One environment, or every one.
pub(super) fn place(text: &str) -> Result<Option<Slug>, String> {
    match text {
        "" | "*" | EVERYWHERE => Ok(None),
        text => Slug::new(text).map(Some).map_err(|why| format!("{}: {why}", crate::safety::sanitise::cell(text, 30))),
    }
}

/// Nothing, and `*`: any.
pub(super) fn pattern(text: &str) -> Option<Tainted> {
    tainted(text).filter(|_| text != "*")
}
