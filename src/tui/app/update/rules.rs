//! The list of ignore rules, and what is done to one of them.

use super::{drafting, events, load, never_hide, plan, ruling, triage};
use crate::drift::{DriftEvent, NeverHideRule, NeverHideVerb, RuleId, RuleReach, RuleRequest, RuleStatus, RuleVerb};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::store::Receipt;
use crate::tui::app::model::{Decided, On, Pane};
use crate::tui::app::msg::Ticket;
use crate::tui::app::notice::count;
use crate::tui::app::overlay::{Form, FormKind, Overlay, Plan};
use crate::tui::app::{Effect, Model};

pub fn open(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Rules);
    load(model).into_iter().collect()
}

/// Asks for the rules, once at a time.
pub fn load(model: &mut Model) -> Option<Effect> {
    if !model.connected() {
        return None;
    }
    if model.rules.loading.is_some() {
        model.rules.stale = true;
        return None;
    }
    let ticket = model.ticket();
    (model.rules.loading, model.rules.stale) = (Some(ticket), false);
    Some(Effect::LoadRules(ticket))
}

pub fn came(
    model: &mut Model,
    ticket: Ticket,
    answer: Result<(Vec<RuleStatus>, Vec<NeverHideRule>), ServiceError>,
) -> Vec<Effect> {
    if model.rules.loading != Some(ticket) {
        return vec![];
    }
    model.rules.loading = None;
    match answer {
        Ok((mut list, mut never_hide)) => {
            // Newest first.
            list.reverse();
            never_hide.reverse();
            model.rules.never_hide = never_hide;
            (model.rules.list, model.rules.is_loaded, model.rules.error) = (list, true, None);
            tell_unused(model);
        }
        Err(why) => model.rules.error = Some(sanitise::line(&why.to_string())),
    }
    if model.rules.stale { load(model).into_iter().collect() } else { vec![] }
}

/// Each rule that matches nothing any more is said once.
fn tell_unused(model: &mut Model) {
    let rules = &mut model.rules;
    let unused: Vec<&RuleStatus> = rules.list.iter().filter(|one| one.unused_since.is_some()).collect();
    let ids = unused.iter().map(|one| one.rule.id).collect();
    let new: Vec<&RuleStatus> = unused.into_iter().filter(|one| !rules.told.contains(&one.rule.id)).collect();
    let which = match new.as_slice() {
        [] => None,
        [one] => Some(("an ignore rule matches".to_owned(), format!(": {}", one.rule.says()))),
        many => Some((format!("{} match", count(many.len(), "ignore rule")), String::new())),
    };
    // One that hides something again may be told again.
    rules.told = ids;
    if let Some((which, says)) = which {
        let key = model.keymap().keys_for("global", "rules").into_iter().next().unwrap_or_default();
        model.notices.add(model.now, false, format!("{which} nothing any more ({key} lists the rules){says}"));
    }
}

/// Opens the form on the rule under the cursor.
pub fn edit(model: &mut Model) -> Vec<Effect> {
    let Some(rule) = model.rules.current().map(|one| one.rule.clone()) else { return vec![] };
    let mut form = Form::new(FormKind::EditRule, vec![], ruling::of(model, &rule));
    form.rule = Some(rule);
    drafting::restore(model, &mut form);
    model.overlay = Some(Overlay::Form(form));
    vec![]
}

/// Says what would come back, and asks.
pub fn delete(model: &mut Model) -> Vec<Effect> {
    let Some(RuleStatus { rule, hides, .. }) = model.rules.current().cloned() else { return vec![] };
    let mut says: Vec<String> = ruling::says(&rule, model);
    says.push(format!("reason  {}", rule.reason.line()));
    says.push(String::new());
    says.extend(comes_back(&hides));
    let request = request(model, rule.id, RuleVerb::Delete);
    let request = RuleRequest { expected: Some(rule), ..request };
    let word = "delete-rule".to_owned();
    let plan = Plan { word, says, rule: Some(Box::new(request)), ..Plan::default() };
    plan::propose(model, plan, true)
}

fn comes_back(hides: &RuleReach) -> Vec<String> {
    if hides.drifts == 0 {
        return vec!["nothing comes back: it hides nothing now".into()];
    }
    let drifts = usize::try_from(hides.drifts).unwrap_or(usize::MAX);
    let changes = usize::try_from(hides.changes).unwrap_or(usize::MAX);
    let mut says = vec![format!("comes back: {}, {}", count(drifts, "drift"), count(changes, "change"))];
    says.extend(
        hides
            .first
            .iter()
            .map(|one| format!("  {} {} {}", one.severity.letter(), one.environment, one.resource_id.line())),
    );
    let rest = drifts.saturating_sub(hides.first.len());
    says.extend((rest > 0).then(|| format!("  and {rest} more")));
    says
}

fn request(model: &Model, rule: RuleId, verb: RuleVerb) -> RuleRequest {
    RuleRequest { rule, verb, reason: None, actor: Tainted::from(model.actor.as_str()), expected: None, once: None }
}

pub fn undo(model: &mut Model, rule: RuleId, seq: u64, word: String) -> Vec<Effect> {
    let rule = Some(Box::new(request(model, rule, RuleVerb::Undo { seq })));
    apply(model, Plan { word, rule, ..Plan::default() })
}

/// Sends it; the list stays, or comes back.
pub fn apply(model: &mut Model, plan: Plan) -> Vec<Effect> {
    if model.rules.pending.is_some() {
        model.notice(false, format!("{}: the last decision on the rules is still being saved", plan.word));
        return vec![];
    }
    let ticket = model.ticket();
    let effect = match (plan.rule.clone(), plan.never_hide.clone()) {
        (Some(request), _) => {
            if !matches!(request.verb, RuleVerb::Undo { .. }) {
                model.overlay = Some(Overlay::Rules);
            }
            Effect::ChangeRule(ticket, request)
        }
        (None, Some(request)) => {
            if !matches!(request.verb, NeverHideVerb::Undo { .. }) {
                model.overlay = never_hide::origin(&request);
            }
            Effect::ChangeNeverHide(ticket, request)
        }
        (None, None) => return vec![],
    };
    model.rules.pending = Some((ticket, plan));
    vec![effect]
}

/// The store has answered.
pub fn answered(model: &mut Model, ticket: Ticket, answer: Result<Receipt, ServiceError>) -> Vec<Effect> {
    let Some((_, plan)) = model.rules.pending.take_if(|(asked, _)| *asked == ticket) else { return vec![] };
    let mut effects = vec![];
    match (answer, about(&plan)) {
        (Ok(receipt), Some((on, undoes))) => {
            let says = format!("saved: {} (#{})", plan.word, receipt.seq);
            match undoes {
                Some(seq) => {
                    model.notice(false, says);
                    model.decided.retain(|decided| decided.seq != seq);
                }
                None => {
                    let at = model.now;
                    model.notices.decided(at, says);
                    model.decided.push(Decided { batch: ticket, seq: receipt.seq, word: plan.word, on, at });
                }
            }
            if let Some(draft) = plan.draft {
                model.drafts.forget(&draft);
            }
            for event in receipt.drifts {
                seen(model, &event);
                effects.extend(events::absorb(model, event));
            }
        }
        (Err(why), _) => {
            // What was refused must be seen.
            model.leaving = false;
            let kept = if plan.draft.is_some() { "; your text is kept" } else { "" };
            model.notice(true, format!("{}: {}{kept}", plan.word, sanitise::line(&why.to_string())));
        }
        (Ok(_), None) => {}
    }
    effects.extend(load(model));
    effects.extend(triage::leave(model));
    effects
}

/// What a plan about a rule is about, and which decision it takes back.
fn about(plan: &Plan) -> Option<(On, Option<u64>)> {
    if let Some(request) = &plan.rule {
        let undoes = if let RuleVerb::Undo { seq } = request.verb { Some(seq) } else { None };
        return Some((On::Rule(request.rule), undoes));
    }
    let request = plan.never_hide.as_ref()?;
    let undoes = if let NeverHideVerb::Undo { seq } = request.verb { Some(seq) } else { None };
    Some((On::NeverHide(request.rule), undoes))
}

/// A drift that moved with its rule is known as it is now: what was decided on it before can still be taken back.
fn seen(model: &mut Model, event: &DriftEvent) {
    for decided in &mut model.decided {
        if let On::Drift(target) = &mut decided.on
            && target.id == event.id
        {
            target.version = event.version;
        }
    }
}

/// Shows in the timeline what the rule under the cursor hides.
pub fn go(model: &mut Model) -> Vec<Effect> {
    if let Some(rule) = model.rules.current_never_hide() {
        let says = format!("{}: what it brings to light is drift like any other", rule.says());
        model.overlay = Some(Overlay::Rules);
        model.notice(false, says);
        return vec![];
    }
    let Some(one) = model.rules.current().cloned() else { return vec![] };
    if one.hides.drifts == 0 {
        model.overlay = Some(Overlay::Rules);
        model.notice(false, "the rule hides nothing now");
        return vec![];
    }
    model.overlay = None;
    model.focus = Pane::Timeline;
    model.environments.cursor = None;
    load::filtered(model, |filter| {
        filter.clear();
        filter.environment = None;
        filter.rule = Some((one.rule.id, one.rule.says()));
    })
}
