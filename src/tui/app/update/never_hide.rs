//! "Never hide this": which rule must not hide what, and where.

use super::forms::some;
use super::ruling::literal;
use crate::compare::explain;
use crate::drift::{NeverHideRule, RuleId};
use crate::safety::Tainted;
use crate::tui::app::Model;
use crate::tui::app::overlay::{Field, Form, Value};

/// From the selected hidden change: only this resource, all of its type, or any resource.
pub fn fields(model: &Model) -> Vec<Field> {
    let (Some(event), Some(hidden)) = (model.timeline.selected(), model.selected_hidden()) else { return vec![] };
    let kind = event.resource.resource_type.cell(40);
    let scopes = vec!["this resource".into(), format!("every {kind}"), "any type".into()];
    let slug = event.environment.to_string();
    let why = explain(&hidden.rule).unwrap_or("which rule of the comparison");
    vec![
        Field::choice("rule", why, vec![hidden.rule.clone()]),
        Field::choice("in", "up and down choose", vec![slug, "every environment".into()]),
        Field::choice("on", "up and down choose", scopes),
        Field::text("path", "glob; empty: any", literal(hidden.path.raw())),
    ]
}

/// What the form says.
pub fn rule(model: &Model, form: &Form) -> Result<NeverHideRule, String> {
    let chosen = |at: usize| form.fields.get(at).map_or(0, Field::chosen);
    let rule = match form.fields.first().map(|field| &field.value) {
        Some(Value::Choice { options, .. }) => options.first().cloned(),
        _ => None,
    };
    let target = form.targets.first().ok_or("no drift is selected")?;
    let event = model.timeline.window.find(target.id).ok_or("the drift is no longer loaded")?;
    let resource = &event.resource;
    let exactly = |name: &Tainted| some(&literal(name.raw()));
    // Made without chance, since this is pure: a drift may give several, but not within one millisecond.
    let made = u64::try_from(model.now.as_millisecond()).unwrap_or(0);
    Ok(NeverHideRule {
        id: RuleId(ulid::Ulid::from_parts(made, target.id.0.random())),
        rule: rule.ok_or("no hidden change is selected")?,
        environment: (chosen(1) == 0).then(|| target.environment.clone()),
        resource_type: (chosen(2) < 2).then(|| exactly(&resource.resource_type)).flatten(),
        resource_id: (chosen(2) == 0).then(|| exactly(&resource.resource_id)).flatten(),
        path: form.fields.get(3).and_then(|field| some(field.typed())),
        owner: Tainted::from(model.actor.as_str()),
        created_at: model.now,
    })
}
