//! What the service says by itself.

use super::{load, news};
use crate::drift::{Closure, DriftEvent, DriftId};
use crate::service::{ScanProgress, ServiceEvent};
use crate::tui::app::model::On;
use crate::tui::app::overlay::{Overlay, Target};
use crate::tui::app::{Effect, Model};

pub fn take(model: &mut Model, event: ServiceEvent) -> Vec<Effect> {
    match event {
        ServiceEvent::Progress(progress) => {
            running(model, progress);
            vec![]
        }
        ServiceEvent::Scanned(summary) => {
            let environment = summary.environment.clone();
            news::scanned(model, &summary);
            if let Some(row) = model.environments.list.iter_mut().find(|e| e.environment.slug == summary.environment) {
                row.running = None;
                row.last_scan = Some(*summary);
            }
            model.preview.stale = true;
            model.untold.iter_mut().for_each(|list| list.is_old());
            super::incident::is_old(model);
            let mut effects = load::environments(model);
            effects.extend(super::rules::load(model));
            effects.extend(super::again::scanned(model, &environment));
            if model.timeline.filter.asks_of_incidents() {
                effects.extend(load::afresh(model));
            }
            effects
        }
        ServiceEvent::Drift(event) => {
            let mut effects = hear(model, &event);
            effects.extend(absorb(model, *event));
            effects
        }
        ServiceEvent::Updated(event) => absorb(model, *event),
        ServiceEvent::Environments => {
            super::incident::is_old(model);
            load::environments(model)
        }
        ServiceEvent::Lost => load::after_loss(model),
        ServiceEvent::Rules => super::rules::load(model).into_iter().collect(),
        ServiceEvent::Looking(looking) => {
            super::crew::told(model, *looking);
            vec![]
        }
        ServiceEvent::Remediation(one) => {
            super::remediation::heard(model, *one);
            vec![]
        }
        ServiceEvent::Contact(contact) => super::contact::now(model, contact),
        ServiceEvent::Server(name) => {
            super::contact::server(model, name);
            vec![]
        }
        ServiceEvent::Waiting(list) => super::waiting::came(model, list),
        ServiceEvent::Notice { error: true, text } => {
            model.notices.failed(model.now, text.line());
            vec![]
        }
        ServiceEvent::Notice { error: false, text } => {
            model.notices.add(model.now, false, text.line());
            vec![]
        }
    }
}

/// Tells of what is new, and rings for what is critical, unless maintenance was announced there: then it is counted, and said.
fn hear(model: &mut Model, event: &DriftEvent) -> Vec<Effect> {
    let (now, slug) = (model.now, &event.environment);
    let here = model.environments.list.iter().filter(|row| row.environment.slug == *slug);
    let mut announced = here.flat_map(|row| &row.contexts);
    if !event.in_maintenance && !announced.any(|one| one.silences(slug, now)) {
        news::hear(model, event);
        return model.alarm.hear(event, now);
    }
    if let Some(count) = model.alarm.keep_quiet(event, now) {
        let words = format!("maintenance in {slug}: no alarm for what is CRITICAL, {count} so far");
        model.notices.again(now, false, &format!("maintenance in {slug}:"), words);
    }
    vec![]
}

fn running(model: &mut Model, progress: ScanProgress) {
    if let Some(row) = model.environments.list.iter_mut().find(|e| e.environment.slug == progress.environment) {
        row.running = Some(progress);
    }
}

/// A drift appeared or changed, by a scan or by somebody's decision.
pub fn absorb(model: &mut Model, event: DriftEvent) -> Vec<Effect> {
    keep_in_sight(model, &event);
    if model.overlay.is_none() {
        model.moved.clear();
    } else {
        model.moved.insert(event.id, (event.version, event.state_at(model.now)));
    }
    super::incident::is_old(model);
    model.preview.stale = true;
    if let Some(heir) = event.superseded_by.filter(|_| event.closure == Some(Closure::Continued)) {
        go_on(model, event.id, heir);
    }
    model.timeline.absorb(event, model.now);
    if model.is_filling() && !model.timeline.is_grouped() {
        model.timeline.select_at(0);
    }
    let mut effects = load::environments(model);
    effects.extend(super::groups::load(model, true));
    effects.extend(load::follow(model));
    effects
}

/// The drift goes on as another one: what was decided about it can still be taken back, and the cursor stays with it.
fn go_on(model: &mut Model, id: DriftId, heir: DriftId) {
    for decided in &mut model.decided {
        if let On::Drift(target) = &mut decided.on
            && target.id == id
        {
            target.id = heir;
        }
    }
    model.timeline.go_on(id, heir);
}

/// A scan that saw the same again moves the version on, but not what was seen: marks and open dialogs follow it. Any other
/// change leaves them at the version that was shown, and the decision is refused as a conflict.
pub fn keep_in_sight(model: &mut Model, event: &DriftEvent) {
    let Some(shown) = model.timeline.window.find(event.id) else { return };
    if !same_sight(shown, event) {
        return;
    }
    let renew = |target: &mut Target| {
        if target.id == event.id && target.version == shown.version {
            target.version = event.version;
        }
    };
    model.marks.values_mut().for_each(renew);
    match &mut model.overlay {
        Some(Overlay::Form(form)) => form.targets.iter_mut().for_each(renew),
        Some(Overlay::Confirm { plan, .. }) => plan.steps.iter_mut().for_each(|(target, _)| renew(target)),
        _ => {}
    }
}

fn same_sight(a: &DriftEvent, b: &DriftEvent) -> bool {
    a.drift_type == b.drift_type
        && a.changes == b.changes
        && a.state == b.state
        && a.decision == b.decision
        && a.assignee == b.assignee
        && a.analysis.severity == b.analysis.severity
}
