//! Leave to do something about a drift: asked for, approved, rejected, taken back; and heard of.

use super::{drafting, events, forms, ruling, triage};
use crate::drift::{Remediation, RemediationDecision, RemediationRequest, RemediationState, RemediationVerb};
use crate::safety::{Tainted, sanitise};
use crate::service::ServiceError;
use crate::tui::app::msg::Ticket;
use crate::tui::app::overlay::{Field, Form, FormKind, Overlay, Plan};
use crate::tui::app::remediation::{Ask, Asking};
use crate::tui::app::{Effect, Model};

/// What is said, by the form that asks for it.
pub fn verb(kind: FormKind) -> Option<RemediationVerb> {
    match kind {
        FormKind::Approve => Some(RemediationVerb::Approve),
        FormKind::Reject => Some(RemediationVerb::Reject),
        FormKind::CancelRemediation => Some(RemediationVerb::Cancel),
        _ => None,
    }
}

/// Opens the form on the selected drift.
pub fn open(model: &mut Model, kind: FormKind) -> Vec<Effect> {
    let Some(event) = model.timeline.selected() else { return vec![] };
    let target = model.target(event);
    let reason = Field::text("reason", "why; may be empty, ends up in the audit trail", "");
    let fields = match kind {
        FormKind::Remediate => {
            let kinds = model.remediable(event).into_iter().map(|kind| kind.as_str().to_owned()).collect();
            vec![Field::choice("do", "up and down choose", kinds), reason]
        }
        _ => vec![reason],
    };
    let mut form = Form::new(kind, vec![target], fields);
    drafting::restore(model, &mut form);
    model.overlay = Some(Overlay::Form(form));
    vec![]
}

/// What the form says, with the steps that are meant.
pub fn plan(model: &Model, form: &Form) -> Result<Plan, String> {
    let gone = || "the drift is not there any more".to_owned();
    let target = form.targets.first().ok_or_else(gone)?;
    let reason = forms::some(ruling::typed(form, "reason"));
    let mut says = vec![format!("on      {} in {}", target.label.line(), target.environment)];
    let ask = match verb(form.kind) {
        None => {
            let event = model.timeline.window.find(target.id).ok_or_else(gone)?;
            let chosen = form.field("do").map(Field::chosen).unwrap_or_default();
            let kind = *model.remediable(event).get(chosen).ok_or("nothing recommends this any more")?;
            let steps = kind.of(event).map(|advice| advice.implementation_steps.clone()).unwrap_or_default();
            says.push(format!("do      {}", kind.as_str()));
            says.extend(numbered(&steps));
            says.push(
                "An admin who is not you approves it within a day; the steps are then carried out by hand.".into(),
            );
            let (by, expected_version) = (model.party(), Some(target.version));
            Ask::Request(RemediationRequest {
                drift: target.id,
                kind,
                reason: reason.clone(),
                expected_version,
                by,
                once: None,
            })
        }
        Some(verb) => {
            let one = model.remediation().filter(|one| one.drift == target.id).ok_or_else(gone)?;
            says.push(format!("do      {}, asked by {}", one.kind.as_str(), one.requested_by.cell(40)));
            says.extend(one.reason.iter().map(|reason| format!("because {}", reason.line())));
            says.extend(numbered(&one.plan));
            says.extend(
                (verb == RemediationVerb::Approve)
                    .then(|| "Nothing is carried out by itself: the steps are for hands.".into()),
            );
            let (by, expected_version) = (model.party(), Some(one.version));
            Ask::Decision(RemediationDecision {
                id: one.id,
                verb,
                reason: reason.clone(),
                expected_version,
                by,
                once: None,
            })
        }
    };
    says.extend(reason.iter().map(|reason| format!("reason  {}", reason.line())));
    let word = form.kind.action().entry().name.to_owned();
    Ok(Plan { word, says, reason, draft: Some(form.key()), remediation: Some(Box::new(ask)), ..Plan::default() })
}

fn numbered(steps: &[Tainted]) -> impl Iterator<Item = String> {
    steps.iter().enumerate().map(|(at, step)| format!("  {}. {}", at + 1, step.line()))
}

/// Sends what was shown, and nothing else.
pub fn apply(model: &mut Model, ask: Ask, plan: Plan) -> Vec<Effect> {
    model.notices.withdraw();
    let ticket = model.ticket();
    model.asking = Some(Asking { ticket, word: plan.word, draft: plan.draft });
    vec![Effect::Remediate(ticket, Box::new(ask))]
}

/// The service has answered.
pub fn answered(model: &mut Model, ticket: Ticket, answer: Result<Box<Remediation>, ServiceError>) -> Vec<Effect> {
    let Some(Asking { word, draft, .. }) = model.asking.take_if(|asking| asking.ticket == ticket) else {
        return vec![];
    };
    let mut effects = match answer {
        Ok(one) => {
            draft.iter().for_each(|draft| model.drafts.forget(draft));
            model.notice(
                false,
                format!("saved: {} of {}: {}", one.kind.word(), one.resource_id.cell(40), says(model, &one)),
            );
            keep(model, *one);
            vec![]
        }
        Err(why) => {
            // What was refused must be seen.
            model.leaving = false;
            model.notice(true, format!("{word}: {}; your text is kept", sanitise::line(&why.to_string())));
            match why {
                ServiceError::Overtaken(overtaken) => {
                    keep(model, overtaken.remediation);
                    overtaken.drift.map(|event| events::absorb(model, event)).unwrap_or_default()
                }
                ServiceError::Conflict(event) => events::absorb(model, *event),
                _ => vec![],
            }
        }
    };
    effects.extend(triage::leave(model));
    effects
}

/// In words that fit into a line.
fn says(model: &Model, one: &Remediation) -> String {
    match one.state_at(model.now) {
        RemediationState::AwaitingApproval => "an admin who did not ask for it has to approve it".into(),
        _ => one.says(model.now),
    }
}

/// Somebody asked or answered, or it is over by itself: said to whoever it concerns.
pub fn heard(model: &mut Model, one: Remediation) {
    let (what, label) = (one.kind.word(), one.resource_id.cell(40));
    let (party, slug) = (model.party(), one.environment.clone());
    let is_own = one.is_by(&party);
    let by_me = one.verdict.as_ref().is_some_and(|verdict| verdict.by == party.name);
    let words = match (one.state_at(model.now), &one.verdict) {
        (RemediationState::AwaitingApproval, _) if !is_own => {
            Some(format!("{} asks to {what} {label} in {slug}: an admin has to approve it", one.requested_by.cell(20)))
        }
        (state @ (RemediationState::Approved | RemediationState::Rejected), Some(verdict)) if is_own && !by_me => {
            Some(format!("{} {} the {what} of {label} in {slug}", verdict.by.cell(20), state.as_str()))
        }
        (RemediationState::Expired | RemediationState::Stale, _) if is_own => {
            Some(format!("the {what} of {label} in {slug} was not approved: {}", one.says(model.now)))
        }
        _ => None,
    };
    words.into_iter().for_each(|words| model.notices.add(model.now, false, words));
    keep(model, one);
}

/// Beside the drift that is shown, unless something newer stands there.
fn keep(model: &mut Model, one: Remediation) {
    let Some(loaded) = model.detail.loaded.as_mut().filter(|loaded| loaded.detail.event.id == one.drift) else {
        return;
    };
    let known = &mut loaded.detail.remediation;
    if known.as_ref().is_none_or(|known| (known.id, known.version) <= (one.id, one.version)) {
        *known = Some(Box::new(one));
    }
}

#[cfg(test)]
mod tests {
    use crate::api::Role;
    use crate::drift::{Party, RecommendationType, RemediationDecision, RemediationState, RemediationVerb};
    use crate::service::DriftService;
    use crate::tui::Options;
    use crate::tui::app::Msg;
    use crate::tui::app::action::Action;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::{Sample, now};

    /// The first drift may be reverted; alice is an admin of a server.
    fn world(role: Option<Role>, size: (u16, u16)) -> (std::sync::Arc<Sample>, Screens) {
        let sample = Sample::shared();
        let mut screens = Screens::open(sample.clone(), options(Options::default()), size).unwrap();
        let id = screens.model.timeline.selected_id().unwrap();
        sample.change(id, false, |event| {
            event.recommendations[0].recommendation_type = RecommendationType::AutoRevert;
            event.recommendations[0].expires_at = None;
            event.recommendations[0].implementation_steps = vec!["terraform apply".into()];
        });
        screens.listen();
        screens.send(Msg::Crewed { is_shared: false, me: Some("alice".into()), role });
        (sample, screens)
    }

    fn says(screens: &Screens, action: Action) -> String {
        action.disabled(&screens.model).unwrap_or_default()
    }

    #[test]
    fn what_is_asked_for_is_shown_with_its_steps_and_stands_with_the_drift() {
        for size in [(80, 24), (160, 45)] {
            let (_, mut screens) = world(Some(Role::Editor), size);
            assert!(says(&screens, Action::ApproveRemediation).contains("nothing was asked for"));
            screens.keys(", r enter");
            let screen = screens.screen();
            assert!(screen.contains("1. terraform apply") && screen.contains("auto_revert"), "{screen}");
            screens.keys("enter");
            let screen = screens.screen();
            assert!(screen.contains("revert asked by alice now: awaits an admin; expires in 1d"), "{screen}");
            assert!(says(&screens, Action::RequestRemediation).contains("waits"));
            let own = says(&screens, Action::ApproveRemediation);
            assert!(own.contains("you asked for this yourself"), "{own}");
        }
    }

    #[test]
    fn an_admin_approves_what_somebody_else_asked_for_and_sees_the_steps_first() {
        let (sample, mut screens) = world(Some(Role::Admin), (120, 40));
        screens.keys(", r enter enter");
        // It was bob, not alice.
        screens.model.detail.loaded.as_mut().unwrap().detail.remediation.as_mut().unwrap().requested_by = "bob".into();
        let one = screens.model.remediation().unwrap().clone();
        assert_eq!(says(&screens, Action::ApproveRemediation), "");
        screens.keys(", a");
        screens.keys("enter");
        let screen = screens.screen();
        assert!(screen.contains("1. terraform apply") && screen.contains("asked by bob"), "{screen}");
        screens.keys("esc");
        assert_eq!(
            screens.model.remediation().unwrap().state,
            RemediationState::AwaitingApproval,
            "nothing is done unseen"
        );
        // Meanwhile ada has approved it.
        let by = Party { name: "ada".into(), is_here: false, ..Party::here("ada".into()) };
        let reason = Some("four eyes".into());
        let asked = RemediationDecision {
            id: one.id,
            verb: RemediationVerb::Approve,
            reason,
            expected_version: None,
            by,
            once: None,
        };
        tokio::runtime::Runtime::new().unwrap().block_on(sample.decide_remediation(asked)).unwrap();
        screens.listen();
        let screen = screens.screen();
        assert!(
            screen.contains("revert approved by ada now (four eyes), asked by alice: carry out the steps"),
            "{screen}"
        );
        assert!(says(&screens, Action::CancelRemediation).contains("approved by ada already"));
    }

    #[test]
    fn keys_say_why_they_are_off() {
        let (_, mut screens) = world(Some(Role::Editor), (120, 40));
        screens.keys(", r enter enter");
        screens.model.detail.loaded.as_mut().unwrap().detail.remediation.as_mut().unwrap().requested_by = "bob".into();
        assert!(says(&screens, Action::ApproveRemediation).contains("only an admin can approve"));
        assert!(says(&screens, Action::CancelRemediation).contains("only bob, who asked for it"));
        let slug = screens.model.timeline.selected().unwrap().environment.clone();
        screens.model.protected.insert(slug);
        assert!(says(&screens, Action::RequestRemediation).contains("protected by its configuration"));
        assert!(says(&screens, Action::ApproveRemediation).contains("protected by its configuration"));
        let mut read_only = Screens::open(
            std::sync::Arc::new(Sample::read_only("by --read-only")),
            options(Options::default()),
            (80, 24),
        )
        .unwrap();
        read_only.keys("j");
        for action in [Action::RequestRemediation, Action::ApproveRemediation, Action::LinkDrifts] {
            assert!(says(&read_only, action).contains("by --read-only"), "{action:?}");
        }
    }

    #[test]
    fn what_expires_while_it_is_shown_says_so() {
        let (_, mut screens) = world(Some(Role::Editor), (120, 40));
        screens.keys(", r enter enter");
        screens.at(now().checked_add(jiff::SignedDuration::from_hours(25)).unwrap());
        let screen = screens.screen();
        assert!(screen.contains("expired, nobody approved it"), "{screen}");
        assert_eq!(says(&screens, Action::RequestRemediation), "", "it can be asked for again");
    }
}
