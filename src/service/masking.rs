//! What a person typed is masked before it is kept.

use crate::drift::{IgnoreRule, OperationalContext, TriageRequest, TriageVerb};
use crate::safety::{Redactor, Tainted};

/// What a person typed may hold a secret as well, and names stand on one line. Patterns are left alone: they have to match, and
/// what they match was masked when it was found.
pub(super) fn masked(redactor: &Redactor, mut request: TriageRequest) -> TriageRequest {
    mask_who_and_why(redactor, &mut request.actor, &mut request.reason);
    match &mut request.verb {
        TriageVerb::Link { note: Some(text), .. } | TriageVerb::Note { text } => *text = redactor.mask_text(text.raw()),
        TriageVerb::Advise { advice } => {
            let texts = std::iter::once(&mut advice.rationale).chain(&mut advice.steps);
            texts.for_each(|text| *text = redactor.mask_text(text.raw()));
        }
        TriageVerb::Assign { to } => to.iter_mut().for_each(|name| mask_name(redactor, name)),
        TriageVerb::Ignore { rule } => mask_rule(redactor, rule),
        TriageVerb::NeverHide { rule } => mask_name(redactor, &mut rule.owner),
        _ => {}
    }
    request
}

pub(super) fn mask_who_and_why(redactor: &Redactor, actor: &mut Tainted, reason: &mut Option<Tainted>) {
    mask_name(redactor, actor);
    reason.iter_mut().for_each(|reason| *reason = redactor.mask_text(reason.raw()));
}

pub(super) fn mask_name(redactor: &Redactor, name: &mut Tainted) {
    *name = redactor.mask_text(name.raw()).line().into();
}

/// Titles and links are typed or pasted: a token may stand in them.
pub fn mask_context(redactor: &Redactor, mut context: OperationalContext) -> OperationalContext {
    let data = &mut context.context_data;
    mask_name(redactor, &mut data.title);
    [&mut data.link, &mut data.id, &mut data.who].into_iter().flatten().for_each(|text| mask_name(redactor, text));
    context
}

/// A pattern over values is text that a person typed from a value: it may hold a secret, and matches none anyway.
pub(super) fn mask_rule(redactor: &Redactor, rule: &mut IgnoreRule) {
    rule.reason = redactor.mask_text(rule.reason.raw());
    mask_name(redactor, &mut rule.owner);
    rule.value.iter_mut().for_each(|value| *value = redactor.mask_text(value.raw()));
}
