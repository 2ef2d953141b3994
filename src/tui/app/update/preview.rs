//! What the rule that is being typed would do: asked while it is typed, the last question only; late answers are dropped. What a
//! scan or a decision may have changed meanwhile is asked for again.

use super::{never_hide, ruling};
use crate::drift::{IgnoreRule, NeverHideRule, NeverHideVerb, RuleVerb, TriageVerb};
use crate::safety::sanitise;
use crate::service::ServiceError;
use crate::tui::app::model::{Preview, Reach};
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::{Form, FormKind, Overlay, Plan};
use crate::tui::app::{Effect, Model};

/// A rule whose reach is asked for.
enum Sketch {
    Ignore(IgnoreRule),
    NeverHide(NeverHideRule),
}

/// After every message: asks anew when the patterns in the form have changed, or the world has.
pub fn follow(model: &mut Model) -> Option<Effect> {
    let (about, sketch) = match &model.overlay {
        Some(Overlay::Form(form)) if is_previewed_form(form.kind) => (patterns(form), sketch(model, form)),
        // The form has asked; only what has changed since is asked for.
        Some(Overlay::Confirm { plan, .. }) if is_previewed(plan) => {
            (model.preview.about.clone(), planned(plan).ok_or_else(String::new))
        }
        _ => {
            model.preview = Preview::default();
            return None;
        }
    };
    if about == model.preview.about && !std::mem::take(&mut model.preview.stale) {
        return None;
    }
    model.preview.about = about;
    model.preview.stale = false;
    match sketch {
        Ok(sketch) => {
            let ticket = model.ticket();
            model.preview.asked = Some(ticket);
            Some(match sketch {
                Sketch::Ignore(rule) => Effect::PreviewRule(ticket, Box::new(rule)),
                Sketch::NeverHide(rule) => Effect::PreviewNeverHide(ticket, Box::new(rule)),
            })
        }
        Err(why) => {
            model.preview.asked = None;
            model.preview.answer = Some(Err(why));
            None
        }
    }
}

/// Whether the form says below what its rule would do.
pub fn is_previewed_form(kind: FormKind) -> bool {
    matches!(kind, FormKind::Ignore | FormKind::EditRule | FormKind::NeverHide | FormKind::EditNeverHide)
}

/// Whether the confirmation is about what a rule will hide or bring to light.
pub fn is_previewed(plan: &Plan) -> bool {
    planned(plan).is_some()
}

fn planned(plan: &Plan) -> Option<Sketch> {
    if let Some(NeverHideVerb::Put { rule }) = plan.never_hide.as_ref().map(|request| &request.verb) {
        return Some(Sketch::NeverHide(rule.clone()));
    }
    if let Some(RuleVerb::Change { to }) = plan.rule.as_ref().map(|request| &request.verb) {
        return Some(Sketch::Ignore(to.clone()));
    }
    plan.steps.iter().find_map(|(_, verb)| match verb {
        TriageVerb::Ignore { rule } => Some(Sketch::Ignore(rule.clone())),
        _ => None,
    })
}

fn sketch(model: &Model, form: &Form) -> Result<Sketch, String> {
    match form.kind {
        FormKind::NeverHide | FormKind::EditNeverHide => never_hide::rule(model, form).map(Sketch::NeverHide),
        _ => ruling::sketch(model, form).map(Sketch::Ignore),
    }
}

fn patterns(form: &Form) -> Vec<String> {
    let labels = ruling::PATTERNS.iter().chain(&["rule", "on"]);
    labels.filter_map(|label| form.field(label)).map(|field| field.value.text()).collect()
}

pub fn came(model: &mut Model, ticket: Ticket, answer: Result<Reach, ServiceError>) -> Vec<Effect> {
    if model.preview.asked == Some(ticket) {
        model.preview.asked = None;
        model.preview.answer = Some(answer.map_err(|why| sanitise::line(&why.to_string())));
    }
    vec![]
}
