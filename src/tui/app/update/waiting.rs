//! Decisions that the server does not have yet: heard of, looked at, taken back, and decided anew where somebody was faster.

use ulid::Ulid;

use super::silent;
use crate::service::{Settle, Standing, Waiting};
use crate::tui::app::action::Action;
use crate::tui::app::notice::count;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};

/// These wait now.
pub fn came(model: &mut Model, list: Vec<Waiting>) -> Vec<Effect> {
    let before: Vec<Ulid> = model.waiting.asking().map(|one| one.id).collect();
    let had = model.waiting.all().len();
    model.waiting.take(list);
    let new: Vec<Waiting> = model.waiting.asking().filter(|one| !before.contains(&one.id)).cloned().collect();
    if let Some(first) = new.first() {
        let key = silent::key_of(model, "global", Action::Waiting);
        let (asks, refused) = (model.waiting.asking().count(), matches!(first.stands, Standing::Refused(_)));
        let words = match refused {
            true => format!("{} refused by the server", count(asks, "decision")),
            false => format!("somebody else was faster: {} to look at", count(asks, "decision")),
        };
        model.notices.again(model.now, true, "somebody else was faster", format!("{words}; {key} shows them"));
        // Never under the hands of somebody who is at something else.
        if model.overlay.is_none() && model.typed.is_empty() && !refused {
            model.waiting.select(first.id);
            model.overlay = Some(Overlay::Collision);
        }
    } else if had > 0 && model.waiting.all().is_empty() {
        model.notices.add(model.now, false, "all decisions that waited are with the server".into());
    }
    if matches!(model.overlay, Some(Overlay::Collision)) && collision(model).is_none() {
        model.overlay = None;
    }
    vec![]
}

/// The one under the cursor, where somebody else was faster.
pub fn collision(model: &Model) -> Option<&Waiting> {
    model.waiting.current().filter(|one| matches!(one.stands, Standing::Asks(_)))
}

pub fn open(model: &mut Model) -> Vec<Effect> {
    let first = model.waiting.asking().next().map(|one| one.id);
    first.into_iter().for_each(|id| model.waiting.select(id));
    model.overlay = Some(Overlay::Waiting);
    vec![]
}

/// Both beside each other.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Waiting);
    match model.waiting.current().map(|one| &one.stands) {
        Some(Standing::Asks(_)) => {
            model.overlay = Some(Overlay::Collision);
            vec![]
        }
        Some(Standing::Unsent) => silent::says(model, "it is sent as soon as the server takes it"),
        Some(Standing::Refused(_)) | None => vec![],
    }
}

/// What is under the cursor is not sent; where somebody was faster, theirs stands.
pub fn take_back(model: &mut Model) -> Vec<Effect> {
    let Some(one) = taken_back(model) else { return vec![] };
    let (id, may_be_done) = (one.id, one.may_be_done);
    if may_be_done {
        let words = "taken back here; it may have reached the server already: look at the drift when it is back";
        model.notice(true, words);
    } else {
        model.notice(false, "taken back: it is not sent");
    }
    vec![Effect::SettleWaiting(vec![id], Settle::TakeBack)]
}

/// Mine on top of theirs.
pub fn on_top(model: &mut Model) -> Vec<Effect> {
    collision(model).map(|one| Effect::SettleWaiting(vec![one.id], Settle::OnTop)).into_iter().collect()
}

/// Shows which they are, before anything is done.
pub fn all(model: &mut Model, how: Settle) -> Vec<Effect> {
    let ids = colliding(model).map(|one| one.id).collect();
    model.overlay = Some(Overlay::SettleAll { how, ids, scroll: 0 });
    vec![]
}

/// What was shown is done, and nothing that came since.
pub fn settle_all(model: &mut Model, how: Settle, ids: Vec<Ulid>) -> Vec<Effect> {
    model.overlay = Some(Overlay::Waiting);
    vec![Effect::SettleWaiting(ids, how)]
}

/// Those where somebody else was faster.
pub fn colliding(model: &Model) -> impl Iterator<Item = &Waiting> {
    model.waiting.all().iter().filter(|one| matches!(one.stands, Standing::Asks(_)))
}

/// `undo` means one that waits: the one under the cursor of the list, else the last decision when it is one of them.
pub fn can_take_back(model: &Model) -> bool {
    taken_back(model).is_some()
}

fn taken_back(model: &Model) -> Option<&Waiting> {
    match model.overlay {
        Some(Overlay::Waiting | Overlay::Collision) => model.waiting.current(),
        Some(_) => None,
        None => {
            let last = model.waiting.all().last().filter(|one| one.stands == Standing::Unsent)?;
            model.decided.last().is_none_or(|decided| decided.at <= last.at).then_some(last)
        }
    }
}
