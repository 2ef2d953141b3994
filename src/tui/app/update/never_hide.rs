//! "Never hide this": which rule must not hide what, and where; made, changed, deleted, taken back.

use super::forms::some;
use super::ruling::literal;
use super::{drafting, plan};
use crate::compare::explain;
use crate::drift::{NeverHideRequest, NeverHideRule, NeverHideVerb, RuleId, Slug};
use crate::safety::Tainted;
use crate::tui::app::overlay::{About, Field, Form, FormKind, Overlay, Plan};
use crate::tui::app::{Effect, Model};

const EVERYWHERE: &str = "every environment";

/// The hidden difference that is selected: in the list of an environment, else in the diff.
pub fn about(model: &Model) -> Option<About> {
    if model.overlay == Some(Overlay::Untold) {
        let list = model.untold.as_ref()?;
        let row = list.current()?;
        let hidden = row.hidden()?;
        return Some(About {
            environment: list.environment.clone(),
            resource_type: row.resource.resource_type.clone(),
            resource_id: row.resource.resource_id.clone(),
            path: hidden.path.raw().to_owned(),
            rule: hidden.rule.clone(),
            drift: None,
        });
    }
    let (event, hidden) = (model.timeline.selected()?, model.selected_hidden()?);
    Some(About {
        environment: event.environment.clone(),
        resource_type: event.resource.resource_type.clone(),
        resource_id: event.resource.resource_id.clone(),
        path: hidden.path.raw().to_owned(),
        rule: hidden.rule.clone(),
        drift: Some(event.id),
    })
}

/// Opens the form: only this resource, all of its type, or any resource.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some(about) = about(model) else { return vec![] };
    let kind = about.resource_type.cell(40);
    let scopes = vec!["this resource".into(), format!("every {kind}"), "any type".into()];
    let fields = vec![
        rule_field(&about.rule),
        Field::choice("in", "up and down choose", vec![about.environment.to_string(), EVERYWHERE.into()]),
        Field::choice("on", "up and down choose", scopes),
        Field::text("path", "glob; empty: any", literal(&about.path)),
    ];
    let mut form = Form::new(FormKind::NeverHide, vec![], fields);
    form.about = Some(Box::new(about));
    drafting::restore(model, &mut form);
    model.overlay = Some(Overlay::Form(form));
    vec![]
}

fn rule_field(rule: &str) -> Field {
    Field::choice("rule", explain(rule).unwrap_or("which rule of the comparison"), vec![rule.to_owned()])
}

/// Opens the form on the rule under the cursor of the list.
pub fn edit(model: &mut Model) -> Vec<Effect> {
    let Some(rule) = model.rules.current_never_hide().cloned() else { return vec![] };
    let here = rule.environment.as_ref().map_or(EVERYWHERE.to_owned(), ToString::to_string);
    let others = model.environments.list.iter().map(|e| e.environment.slug.to_string());
    let others = others.chain([EVERYWHERE.to_owned()]).filter(|name| *name != here);
    let pattern = |text: &Option<Tainted>| text.as_ref().map_or(String::new(), Tainted::line);
    let fields = vec![
        rule_field(&rule.rule),
        Field::choice("in", "up and down choose", std::iter::once(here.clone()).chain(others).collect()),
        Field::text("type", "glob; empty: any", pattern(&rule.resource_type)),
        Field::text("id", "glob; empty: any", pattern(&rule.resource_id)),
        Field::text("path", "glob; empty: any", pattern(&rule.path)),
    ];
    let mut form = Form::new(FormKind::EditNeverHide, vec![], fields);
    form.unhides = Some(Box::new(rule));
    drafting::restore(model, &mut form);
    model.overlay = Some(Overlay::Form(form));
    vec![]
}

/// What the form says.
pub fn rule(model: &Model, form: &Form) -> Result<NeverHideRule, String> {
    let text = |label: &str| form.field(label).map(|field| field.value.text()).unwrap_or_default();
    let typed = |label: &str| some(text(label).trim());
    let here = Some(text("in")).filter(|name| name != EVERYWHERE);
    let environment =
        here.as_deref().map(Slug::new).transpose().map_err(|_| "there is no such environment".to_owned())?;
    if let Some(before) = &form.unhides {
        // What cannot be shown cannot be typed: a field that nobody touched keeps what it stood for.
        let keep = |label, was: &Option<Tainted>| if form.is_untouched(label) { was.clone() } else { typed(label) };
        return Ok(NeverHideRule {
            environment,
            resource_type: keep("type", &before.resource_type),
            resource_id: keep("id", &before.resource_id),
            path: keep("path", &before.path),
            ..(**before).clone()
        });
    }
    let about = form.about.as_ref().ok_or("no hidden change is selected")?;
    let on = form.field("on").map_or(0, Field::chosen);
    let exactly = |name: &Tainted| some(&literal(name.raw()));
    // Made without chance, since this is pure: a difference may give several, but not within one millisecond.
    let made = u64::try_from(model.now.as_millisecond()).unwrap_or(0);
    Ok(NeverHideRule {
        id: RuleId(ulid::Ulid::from_parts(made, about.id().random())),
        rule: about.rule.clone(),
        environment,
        resource_type: (on < 2).then(|| exactly(&about.resource_type)).flatten(),
        resource_id: (on == 0).then(|| exactly(&about.resource_id)).flatten(),
        path: typed("path"),
        owner: Tainted::from(model.actor.as_str()),
        created_at: model.now,
    })
}

/// The plan of a form: what will be brought to light stands below it.
pub fn plan(model: &Model, form: &Form) -> Result<Plan, String> {
    let rule = rule(model, form)?;
    if form.unhides.as_deref() == Some(&rule) {
        return Err("nothing of the rule is changed".into());
    }
    let says = says(&rule);
    let request = NeverHideRequest {
        drift: form.about.as_ref().and_then(|about| about.drift),
        expected: form.unhides.as_deref().cloned(),
        ..request(model, rule.id, NeverHideVerb::Put { rule })
    };
    let word = form.kind.action().entry().name.to_owned();
    let never_hide = Some(Box::new(request));
    Ok(Plan { word, says, draft: Some(form.key()), never_hide, ..Plan::default() })
}

/// Line by line; sanitised.
pub fn says(rule: &NeverHideRule) -> Vec<String> {
    let shown = |text: &Option<Tainted>| text.as_ref().map_or("any".into(), Tainted::line);
    let place = rule.environment.as_ref().map_or(EVERYWHERE.to_owned(), ToString::to_string);
    let sentence = explain(&rule.rule).unwrap_or("a rule of another version of driftguard");
    vec![
        format!("rule    {} must not hide: {sentence}", rule.rule),
        format!("in      {place}"),
        format!("type    {}", shown(&rule.resource_type)),
        format!("id      {}", shown(&rule.resource_id)),
        format!("path    {}", shown(&rule.path)),
    ]
}

/// Says what the rule is, and asks.
pub fn delete(model: &mut Model) -> Vec<Effect> {
    let Some(rule) = model.rules.current_never_hide().cloned() else { return vec![] };
    let mut says = says(&rule);
    says.extend([String::new(), "what it brought to light is hidden again by the next scan".into()]);
    let request = NeverHideRequest { expected: Some(rule.clone()), ..request(model, rule.id, NeverHideVerb::Delete) };
    let never_hide = Some(Box::new(request));
    plan::propose(model, Plan { word: "delete-rule".into(), says, never_hide, ..Plan::default() }, true)
}

pub fn undo(model: &mut Model, rule: RuleId, seq: u64, word: String) -> Vec<Effect> {
    let never_hide = Some(Box::new(request(model, rule, NeverHideVerb::Undo { seq })));
    plan::apply(model, Plan { word, never_hide, ..Plan::default() })
}

fn request(model: &Model, rule: RuleId, verb: NeverHideVerb) -> NeverHideRequest {
    let actor = Tainted::from(model.actor.as_str());
    NeverHideRequest { rule, verb, actor, reason: None, drift: None, expected: None, once: None }
}

/// Where the decision was made, and where one wants to go on.
pub fn origin(request: &NeverHideRequest) -> Option<Overlay> {
    match (&request.expected, request.drift) {
        (Some(_), _) => Some(Overlay::Rules),
        (None, Some(_)) => None,
        (None, None) => Some(Overlay::Untold),
    }
}
