//! Tells the others what is looked at, and hears what they look at. Who does nothing is not told of, and tells nothing.

use jiff::SignedDuration;

use crate::safety::Tainted;
use crate::service::{Contact, Looking};
use crate::tui::app::{Effect, Model};

/// Told again so often while somebody is at it: it holds for a minute.
const AGAIN: SignedDuration = SignedDuration::from_secs(20);
/// Without a key for so long nobody is thought to sit there.
const IDLE: SignedDuration = SignedDuration::from_secs(60);

/// The service is there.
pub fn begin(model: &mut Model, is_shared: bool, me: Option<Tainted>) -> Vec<Effect> {
    if let Some(me) = &me {
        model.actor = me.line();
        model.timeline.filter.me.clone_from(&model.actor);
    }
    let me = me.unwrap_or_else(|| model.actor.as_str().into());
    model.crew.begin(is_shared, me);
    load(model)
}

/// Everybody who is there.
pub fn load(model: &mut Model) -> Vec<Effect> {
    // Nobody there knows of us either.
    model.crew.told = None;
    if model.crew.is_there() && model.connected() { vec![Effect::LoadLooking] } else { vec![] }
}

pub fn came(model: &mut Model, all: Vec<Looking>) -> Vec<Effect> {
    model.crew.replace(all, model.now);
    vec![]
}

pub fn told(model: &mut Model, looking: Looking) {
    model.crew.hear(looking, model.now);
}

/// After anything that happened: what is to be told, if it is another drift than the last time or a while ago.
pub fn follow(model: &mut Model, is_active: bool) -> Option<Effect> {
    let now = model.now;
    if is_active {
        model.crew.active_at = now;
    }
    let is_heard = model.contact.as_ref().is_none_or(|contact| *contact == Contact::Live);
    let is_idle = now.duration_since(model.crew.active_at) >= IDLE;
    if !model.crew.is_there() || !model.connected() || !is_heard || is_idle {
        return None;
    }
    let drift = model.timeline.selected_id();
    let is_news = match model.crew.told {
        None => drift.is_some(),
        Some((before, at)) => before != drift || is_active && now.duration_since(at) >= AGAIN,
    };
    is_news.then(|| {
        model.crew.told = Some((drift, now));
        Effect::Look(drift)
    })
}
