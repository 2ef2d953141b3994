//! What rules of the comparison hide, of a drift or of a whole environment; and that they must not.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::ignore::{pattern, place};
use super::{Plain, say, words};
use crate::compare::explain;
use crate::drift::{DriftDetail, Hidden, NeverHideRule, NeverHideVerb, ResourceRef, RuleId, Slug, UntoldRequest};
use crate::safety::Tainted;
use crate::store::literal_pattern;
use crate::tui::app::disabled;

/// What can be said of such a rule.
pub(super) const PATTERNS: [&str; 4] = ["in", "type", "id", "path"];
/// Rows of an environment's list.
const ROWS: usize = 200;

/// A hidden difference as it was listed.
#[derive(Clone)]
pub(super) struct Aside {
    environment: Slug,
    resource: ResourceRef,
    hidden: Hidden,
}

impl<R: BufRead, W: Write> Plain<R, W> {
    pub(super) async fn hidden(&mut self, text: &str) -> io::Result<()> {
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let known = self.service.environments().await.unwrap_or_default();
        if let Some(one) = known.iter().find(|one| one.environment.slug.as_str() == first) {
            return self.hidden_in(one.environment.slug.clone(), rest.trim()).await;
        }
        let Some((_, detail)) = self.one(text).await? else { return Ok(()) };
        self.hidden_of(&detail)
    }

    fn hidden_of(&mut self, detail: &DriftDetail) -> io::Result<()> {
        let event = &detail.event;
        let aside = |hidden: &Hidden| Aside {
            environment: event.environment.clone(),
            resource: event.resource.clone(),
            hidden: hidden.clone(),
        };
        self.aside = detail.hidden.iter().map(aside).collect();
        if detail.hidden.is_empty() && detail.unverified.is_empty() {
            return self.say("nothing is hidden, and everything was compared");
        }
        let hidden = detail.hidden.iter().enumerate().map(|(at, one)| format!("{}. {}", at + 1, say::hidden(one)));
        let lines: Vec<String> = hidden.chain(detail.unverified.iter().map(say::unverified)).collect();
        lines.iter().try_for_each(|line| self.say(line))
    }

    /// Of every resource, in sync or not.
    async fn hidden_in(&mut self, environment: Slug, text: &str) -> io::Result<()> {
        let request = UntoldRequest { environment: environment.clone(), text: text.to_owned(), from: 0, limit: ROWS };
        let page = match self.service.untold(request).await {
            Ok(page) => page,
            Err(why) => return self.problem(&why.to_string()),
        };
        self.aside.clear();
        for row in &page.rows {
            let name = row.resource.resource_id.line();
            let line = match &row.what {
                crate::drift::Aside::Hidden(hidden) => {
                    let (environment, resource) = (environment.clone(), row.resource.clone());
                    self.aside.push(Aside { environment, resource, hidden: hidden.clone() });
                    format!("{}. {name}: {}", self.aside.len(), say::hidden(hidden))
                }
                crate::drift::Aside::Unverified(one) => format!("   {name}: {}", say::unverified(one).trim_start()),
            };
            self.say(&line)?;
        }
        let more = page.matching.saturating_sub(page.rows.len());
        let more = if more > 0 { format!("; {more} more: add words to narrow it") } else { String::new() };
        self.say(&format!("{} listed{more}", words::count(page.rows.len(), "row")))
    }

    pub(super) async fn never_hide(&mut self, text: &str) -> io::Result<()> {
        let (number, rest) = match words::one(text, self.aside.len(), "hidden") {
            Ok(found) => found,
            Err(why) => return self.problem(&why),
        };
        let Some(aside) = self.aside.get(number - 1).cloned() else { return Ok(()) };
        if let Some(why) = disabled::not_of_the_comparer(&aside.hidden.rule) {
            return self.problem(why);
        }
        let mut rule = self.exactly(&aside);
        if let Err(why) = words::pairs(rest, &PATTERNS).and_then(|pairs| apply(&pairs, &mut rule)) {
            return self.problem(&why);
        }
        if !self.brings_to_light(&rule).await? || !self.yes()? {
            return self.say("not done");
        }
        self.change_never_hide(rule.id, None, NeverHideVerb::Put { rule }).await
    }

    /// This difference of this resource.
    fn exactly(&self, aside: &Aside) -> NeverHideRule {
        let literal = |text: &str| Some(Tainted::from(literal_pattern(text).as_str()));
        NeverHideRule {
            id: RuleId::generate(),
            rule: aside.hidden.rule.clone(),
            environment: Some(aside.environment.clone()),
            resource_type: literal(aside.resource.resource_type.raw()),
            resource_id: literal(aside.resource.resource_id.raw()),
            path: literal(aside.hidden.path.raw()),
            owner: self.actor.as_str().into(),
            created_at: Timestamp::now(),
        }
    }

    /// Says what the rule would bring to light.
    pub(super) async fn brings_to_light(&mut self, rule: &NeverHideRule) -> io::Result<bool> {
        let reach = match self.service.preview_never_hide(rule.clone()).await {
            Ok(reach) => reach,
            Err(why) => return self.problem(&why.to_string()).map(|()| false),
        };
        let sentence = explain(&rule.rule).unwrap_or("a rule of another version of driftguard");
        self.say(&format!(
            "must not be hidden: {} {} ({sentence})",
            rule.says(),
            self.places.reach(rule.environment.as_ref())
        ))?;
        let count = |number: u64, noun| words::count(usize::try_from(number).unwrap_or(usize::MAX), noun);
        let least = if reach.at_least { "at least " } else { "" };
        let (changes, drifts) = (count(reach.changes, "change"), count(reach.drifts, "drift"));
        let resources = count(reach.resources, "resource");
        self.say(&format!(
            "it brings to light {least}{changes}: {resources} in sync would be drift, {drifts} would have more"
        ))?;
        for (slug, resource) in &reach.first {
            self.say(&format!("   {} in {}", resource.resource_id.line(), self.places.name(slug)))?;
        }
        Ok(true)
    }
}

/// Puts what was typed into a rule.
pub(super) fn apply(pairs: &[(String, String)], rule: &mut NeverHideRule) -> Result<(), String> {
    for (name, value) in pairs {
        match name.as_str() {
            "in" => rule.environment = place(value)?,
            "type" => rule.resource_type = pattern(value),
            "id" => rule.resource_id = pattern(value),
            _ => rule.path = pattern(value),
        }
    }
    Ok(())
}
