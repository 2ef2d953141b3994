//! The form of an ignore rule: what it offers, and what is made of it.

use jiff::Timestamp;

use super::forms::some;
use crate::drift::{IgnoreRule, RuleId, RuleRequest, RuleVerb, Slug};
use crate::safety::{Tainted, sanitise};
use crate::store::{literal_pattern, shown_value};
use crate::tui::app::overlay::{Field, Form, FormKind, Plan, Value};
use crate::tui::app::{Model, when};

const EVERYWHERE: &str = "every environment";
/// The fields that say what it hides; all before the reason.
pub const PATTERNS: [&str; 6] = ["in", "type", "id", "path", "value", "by"];

/// Fields for a new rule, from the selected change.
pub fn offered(model: &Model) -> Vec<Field> {
    let Some(event) = model.timeline.selected() else { return vec![] };
    let path = model.selected_change().map(|change| literal(change.path.raw())).unwrap_or_default();
    let environments = vec![event.environment.to_string(), EVERYWHERE.to_owned()];
    let resource = &event.resource;
    let patterns = [literal(resource.resource_type.raw()), literal(resource.resource_id.raw()), path];
    let mut fields = fields(environments, 0, patterns, [String::new(), String::new()], "", "30d".into());
    // Rules by value or actor are the exception: what is there is one key away, not filled in.
    let live = model.selected_change().and_then(|change| change.actual.as_ref()).and_then(shown_value);
    offer(&mut fields, "value", live.into_iter().collect());
    offer(&mut fields, "by", event.analysis.changed_by.iter().map(|by| by.raw().to_owned()).collect());
    fields
}

/// Up and down put these in.
fn offer(fields: &mut [Field], label: &str, texts: Vec<String>) {
    let Some(field) = fields.iter_mut().find(|field| field.label == label) else { return };
    if let Value::Text { presets, .. } = &mut field.value {
        *presets = texts.iter().map(|text| literal(text)).collect();
    }
}

/// Fields for a rule that is there.
pub fn of(model: &Model, rule: &IgnoreRule) -> Vec<Field> {
    let known = model.environments.list.iter().map(|e| e.environment.slug.to_string());
    let mut environments: Vec<String> = std::iter::once(EVERYWHERE.to_owned()).chain(known).collect();
    let here = rule.environment.as_ref().map_or(EVERYWHERE.to_owned(), ToString::to_string);
    if !environments.contains(&here) {
        environments.push(here.clone());
    }
    let at = environments.iter().position(|one| *one == here).unwrap_or(0);
    let text = |pattern: &Option<Tainted>| pattern.as_ref().map_or(String::new(), Tainted::line);
    let patterns = [text(&rule.resource_type), text(&rule.resource_id), text(&rule.path)];
    let more = [text(&rule.value), text(&rule.actor)];
    let expires = rule.expires_at.map_or(String::new(), |at| clock(model, at));
    fields(environments, at, patterns, more, &rule.reason.line(), expires)
}

fn fields(
    environments: Vec<String>,
    at: usize,
    [kind, id, path]: [String; 3],
    [value, by]: [String; 2],
    reason: &str,
    expires: String,
) -> Vec<Field> {
    let mut here = Field::choice("in", "up and down choose", environments);
    if let Value::Choice { at: chosen, .. } = &mut here.value {
        *chosen = at;
    }
    vec![
        here,
        Field::text("type", "glob; empty: any", kind),
        Field::text("id", "glob; empty: any", id),
        Field::text("path", "glob; empty: the whole resource", path),
        Field::text("value", "glob over the live value; up: as it is; empty: any; never a secret", value),
        Field::text("by", "glob over who changed it, where known; up: who did; empty: anybody", by),
        Field::text("reason", "must be given", reason),
        Field::text("expires", "30d, friday, 2026-12-01; empty: never", expires),
    ]
}

/// A pattern that matches exactly this text; control characters cannot be typed, so they are left out.
pub(super) fn literal(text: &str) -> String {
    literal_pattern(&text.chars().filter(|c| !c.is_control()).collect::<String>())
}

/// What is typed into a field.
pub fn typed<'a>(form: &'a Form, label: &str) -> &'a str {
    form.field(label).map(Field::typed).unwrap_or_default()
}

/// The rule as far as it is typed; what only a finished one needs may be missing.
pub fn sketch(model: &Model, form: &Form) -> Result<IgnoreRule, String> {
    let pattern = |label: &str| some(typed(form, label));
    let here = form.field("in").map(|field| field.value.text()).filter(|text| text != EVERYWHERE);
    let environment =
        here.as_deref().map(Slug::new).transpose().map_err(|_| "there is no such environment".to_owned())?;
    let rule = IgnoreRule {
        id: id(model, form).ok_or("no drift is selected")?,
        environment,
        resource_type: pattern("type"),
        resource_id: pattern("id"),
        path: pattern("path"),
        value: pattern("value"),
        actor: pattern("by"),
        reason: some(typed(form, "reason")).unwrap_or_else(|| "none yet".into()),
        owner: form.rule.as_ref().map_or_else(|| Tainted::from(model.actor.as_str()), |rule| rule.owner.clone()),
        created_at: form.rule.as_ref().map_or(model.now, |rule| rule.created_at),
        expires_at: None,
    };
    if rule.patterns().next().is_none() {
        return Err(
            "a rule for everything would hide everything: give a type, id, path, value or who changed it".into()
        );
    }
    Ok(rule)
}

/// Made without chance, since this is pure: a drift may give several rules, but not within one millisecond.
fn id(model: &Model, form: &Form) -> Option<RuleId> {
    if let Some(rule) = &form.rule {
        return Some(rule.id);
    }
    let made = u64::try_from(model.now.as_millisecond()).unwrap_or(0);
    Some(RuleId(ulid::Ulid::from_parts(made, form.targets.first()?.id.0.random())))
}

/// The finished rule.
pub fn rule(model: &Model, form: &Form) -> Result<IgnoreRule, String> {
    if typed(form, "reason").is_empty() {
        return Err("a rule needs a reason".into());
    }
    let expires_at = match (&form.rule, typed(form, "expires")) {
        (Some(rule), _) if form.is_untouched("expires") => rule.expires_at,
        (_, "") => None,
        (_, text) => Some(when::parse(text, model.now, &model.zone)?),
    };
    let mut rule = sketch(model, form)?;
    rule.expires_at = expires_at;
    if let Some(before) = &form.rule {
        keep_untouched(form, before, &mut rule);
    }
    Ok(rule)
}

/// What cannot be shown cannot be typed: a field that nobody touched keeps what it stood for.
fn keep_untouched(form: &Form, before: &IgnoreRule, rule: &mut IgnoreRule) {
    let fields = [
        ("type", &before.resource_type, &mut rule.resource_type),
        ("id", &before.resource_id, &mut rule.resource_id),
        ("path", &before.path, &mut rule.path),
        ("value", &before.value, &mut rule.value),
        ("by", &before.actor, &mut rule.actor),
    ];
    for (label, was, is) in fields {
        if form.is_untouched(label) {
            is.clone_from(was);
        }
    }
    if form.is_untouched("reason") {
        rule.reason.clone_from(&before.reason);
    }
}

/// The plan of an edited rule: what it was and what it becomes.
pub fn change(model: &Model, form: &Form) -> Result<Plan, String> {
    let (Some(before), to) = (&form.rule, rule(model, form)?) else { return Err("no rule is selected".into()) };
    let (old, new) = (says_all(before, model), says_all(&to, model));
    let changed = old.iter().zip(&new).filter(|((_, old), (_, new))| old != new);
    let says: Vec<String> = changed.map(|((label, old), (_, new))| format!("{label:7} {old} → {new}")).collect();
    if says.is_empty() {
        return Err("nothing of the rule is changed".into());
    }
    let request = RuleRequest {
        rule: before.id,
        verb: RuleVerb::Change { to },
        reason: None,
        actor: Tainted::from(model.actor.as_str()),
        expected: Some(before.clone()),
        once: None,
    };
    Ok(Plan {
        word: FormKind::EditRule.action().entry().name.into(),
        says,
        draft: Some(form.key()),
        rule: Some(Box::new(request)),
        ..Plan::default()
    })
}

fn clock(model: &Model, at: Timestamp) -> String {
    at.to_zoned(model.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

fn says_all(rule: &IgnoreRule, model: &Model) -> Vec<(&'static str, String)> {
    let shown = |text: &Option<Tainted>| text.as_ref().map_or("any".into(), Tainted::line);
    vec![
        ("in", rule.environment.as_ref().map_or(EVERYWHERE.into(), ToString::to_string)),
        ("type", shown(&rule.resource_type)),
        ("id", shown(&rule.resource_id)),
        ("path", shown(&rule.path)),
        ("value", shown(&rule.value)),
        ("by", shown(&rule.actor)),
        ("expires", rule.expires_at.map_or("never".into(), |at| clock(model, at))),
        ("reason", sanitise::line(rule.reason.raw())),
    ]
}

/// What a confirmation shows of a new rule, but the reason; `value` and `by` only where they are given.
pub fn says(rule: &IgnoreRule, model: &Model) -> Vec<String> {
    let all = says_all(rule, model).into_iter();
    let given = all.filter(|(label, text)| *label != "reason" && !(matches!(*label, "value" | "by") && text == "any"));
    given.map(|(label, text)| format!("{label:7} {text}")).collect()
}
