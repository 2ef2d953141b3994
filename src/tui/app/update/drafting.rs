//! Follows what is being typed.

use crate::tui::app::drafts::{Draft, DraftKey};
use crate::tui::app::overlay::{Form, Overlay};
use crate::tui::app::{Effect, Model};

/// After every message: what stands in an open form is a draft as soon as it differs from what was offered.
pub fn follow(model: &mut Model) -> Option<Effect> {
    let typed = match &model.overlay {
        Some(Overlay::Form(form)) => Some((form.key(), form.texts(), form.texts() != form.untouched)),
        Some(Overlay::Query(query)) => {
            let typed = query.line.text();
            Some((DraftKey::FILTER, vec![typed.to_owned()], typed.trim() != query.before))
        }
        _ => None,
    };
    match typed {
        Some((key, fields, true)) => model.drafts.keep(key, fields, model.now),
        Some((key, _, false)) => model.drafts.forget(&key),
        None => {}
    }
    model.drafts.take_changed().map(Effect::KeepDrafts)
}

/// Fills a form that opens with what was typed into it before.
pub fn restore(model: &mut Model, form: &mut Form) {
    if let Some(draft) = model.drafts.offer(&form.key()) {
        // A form of another version had other fields.
        if draft.fields.len() != form.fields.len() {
            return;
        }
        form.fill(&draft.fields);
        say(model, &draft);
    }
}

/// The query that was being typed.
pub fn restored_filter(model: &mut Model) -> Option<String> {
    let draft = model.drafts.offer(&DraftKey::FILTER)?;
    say(model, &draft);
    draft.fields.into_iter().next()
}

fn say(model: &mut Model, draft: &Draft) {
    let name = draft.name(model.now, &model.zone);
    model.notice(false, format!("{name} restored; leaving without saving discards it"));
}
