//! Taking back what was decided in this session: the last plan as a whole, or any of them from the list.

use super::{never_hide, plan, rules};
use crate::drift::{Slug, TriageVerb};
use crate::tui::app::model::{Decided, On};
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::{Overlay, Plan, Target};
use crate::tui::app::{Effect, Model};

/// One plan that was carried out, as far as it was not taken back since.
pub struct Carried<'a> {
    pub batch: Ticket,
    /// In the order they were saved.
    pub decided: Vec<&'a Decided>,
}

impl Carried<'_> {
    /// How many of its drifts are in which environment, in the order of their names.
    pub fn environments(&self) -> std::collections::BTreeMap<&Slug, usize> {
        let mut drifts: Vec<&Target> = self
            .decided
            .iter()
            .filter_map(|one| if let On::Drift(target) = &one.on { Some(target) } else { None })
            .collect();
        drifts.sort_by_key(|target| target.id);
        drifts.dedup_by_key(|target| target.id);
        let mut counts = std::collections::BTreeMap::new();
        drifts.into_iter().for_each(|target| *counts.entry(&target.environment).or_default() += 1);
        counts
    }
}

/// Everything that was carried out, the newest first.
pub fn carried(model: &Model) -> Vec<Carried<'_>> {
    let mut plans: Vec<Carried<'_>> = vec![];
    for decided in &model.decided {
        match plans.iter_mut().find(|one| one.batch == decided.batch) {
            Some(one) => one.decided.push(decided),
            None => plans.push(Carried { batch: decided.batch, decided: vec![decided] }),
        }
    }
    plans.reverse();
    plans
}

/// Takes back the last plan, or the one under the cursor of the list.
pub fn undo(model: &mut Model) -> Vec<Effect> {
    let at = if let Some(Overlay::Decisions { at }) = model.overlay { at } else { 0 };
    let Some(batch) = carried(model).get(at).map(|one| one.batch) else { return vec![] };
    if matches!(model.overlay, Some(Overlay::Decisions { .. })) {
        model.overlay = None;
    }
    take_back(model, batch)
}

fn take_back(model: &mut Model, batch: Ticket) -> Vec<Effect> {
    let of_batch: Vec<Decided> = model.decided.iter().filter(|one| one.batch == batch).cloned().collect();
    let Some(last) = of_batch.last() else { return vec![] };
    let word = format!("undo {}", last.word);
    match last.on {
        On::Rule(rule) => return rules::undo(model, rule, last.seq, word),
        On::NeverHide(rule) => return never_hide::undo(model, rule, last.seq, word),
        On::Drift(_) => {}
    }
    let mut steps: Vec<(Target, u64)> = of_batch
        .into_iter()
        .filter_map(|one| if let On::Drift(target) = one.on { Some((target, one.seq)) } else { None })
        .filter(|(target, _)| !model.pending.contains_key(&target.id))
        .collect();
    if steps.is_empty() {
        model.notice(false, "undo: the last one is still being saved");
        return vec![];
    }
    // On the same drift the last goes first.
    steps.sort_by_key(|(target, seq)| (target.id, std::cmp::Reverse(*seq)));
    let steps = steps.into_iter().map(|(target, seq)| {
        let version = model.timeline.window.find(target.id).map_or(target.version, |event| event.version);
        (Target { version, ..target }, TriageVerb::Undo { seq })
    });
    let steps = steps.collect();
    plan::propose(model, Plan { word, steps, ..Plan::default() }, false)
}

/// Opens the list.
pub fn open(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Decisions { at: 0 });
    vec![]
}
