//! What the rule that is being typed would hide: asked while it is typed, the last question only; late answers are dropped.

use super::ruling;
use crate::drift::{RuleReach, TriageVerb};
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::model::Preview;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::{Form, FormKind, Overlay, Plan};
use crate::tui::app::{Effect, Model};

/// After every message: asks anew when the patterns in the form have changed.
pub fn follow(model: &mut Model) -> Option<Effect> {
    let form = match &model.overlay {
        Some(Overlay::Form(form)) if matches!(form.kind, FormKind::Ignore | FormKind::EditRule) => form,
        Some(Overlay::Confirm { plan, .. }) if is_previewed(plan) => return None,
        _ => {
            model.preview = Preview::default();
            return None;
        }
    };
    let about = patterns(form);
    if about == model.preview.about {
        return None;
    }
    let sketch = ruling::sketch(model, form);
    model.preview.about = about;
    match sketch {
        Ok(rule) => {
            let ticket = model.ticket();
            model.preview.asked = Some(ticket);
            Some(Effect::PreviewRule(ticket, Box::new(rule)))
        }
        Err(why) => {
            model.preview.asked = None;
            model.preview.answer = Some(Err(why));
            None
        }
    }
}

/// Whether the confirmation is about what a rule will hide.
pub fn is_previewed(plan: &Plan) -> bool {
    let makes = plan.steps.iter().any(|(_, verb)| matches!(verb, TriageVerb::Ignore { .. }));
    makes || plan.rule.is_some() && plan.draft.is_some()
}

fn patterns(form: &Form) -> Vec<String> {
    ruling::PATTERNS.iter().filter_map(|label| form.field(label)).map(|field| field.value.text()).collect()
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<RuleReach, ServiceError>) -> Vec<Effect> {
    if model.preview.asked == Some(ticket) {
        model.preview.asked = None;
        model.preview.answer = Some(answer.map_err(|why| sanitise::line(&why.to_string())));
    }
    vec![]
}
