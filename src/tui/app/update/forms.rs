//! What a verb needs to know before it can be planned: its fields, and what is made of them.

use jiff::Timestamp;

use super::{advising, drafting, links, never_hide, plan as planning, reasons, remediation, ruling, wrong};
use crate::drift::{Cause, ResolutionType, TriageVerb};
use crate::safety::{Tainted, sanitise};
use crate::tui::app::action::{Action, Danger};
use crate::tui::app::overlay::{Field, Form, FormKind, Overlay, Plan, Value};
use crate::tui::app::{Effect, Model, when};

const UNTIL: &str = "2h, 18:30, friday, 1M, 2026-12-01; up and down: presets";
/// What an exception is offered to last.
const EXCEPTION: &str = "1w";
/// What an empty field means where something is accepted.
pub const FOR_GOOD: &str = "for good: it does not come back by itself; up and down: presets";
const CAUSE: &str = "why it happened, if you know; up and down choose";
/// The first choice of a cause that need not be said.
const NOT_SAID: &str = "not said";
const NO_CHANGE: &str = "no change is selected";

impl FormKind {
    /// The action that opens it.
    pub fn action(self) -> Action {
        match self {
            Self::Acknowledge => Action::Acknowledge,
            Self::Snooze => Action::Snooze,
            Self::Assign => Action::Assign,
            Self::Resolve => Action::Resolve,
            Self::Accept => Action::Accept,
            Self::Escalate => Action::Escalate,
            Self::Note => Action::Note,
            Self::JudgeCause => Action::JudgeCause,
            Self::Advise => Action::Advise,
            Self::Tick => Action::Tick,
            Self::Reopen => Action::Reopen,
            Self::ResolveChange => Action::ResolveChange,
            Self::ReopenChange => Action::ReopenChange,
            Self::Ignore => Action::Ignore,
            Self::EditRule | Self::EditNeverHide => Action::EditRule,
            Self::NeverHide => Action::NeverHide,
            Self::Remediate => Action::RequestRemediation,
            Self::Approve => Action::ApproveRemediation,
            Self::Reject => Action::RejectRemediation,
            Self::CancelRemediation => Action::CancelRemediation,
            Self::Link => Action::LinkDrifts,
            Self::Unlink => Action::UnlinkDrifts,
        }
    }
}

/// Opens the form over what is marked, or selected. A rule is made from one drift: the selected one.
pub fn open(model: &mut Model, kind: FormKind) -> Vec<Effect> {
    let targets = match kind {
        FormKind::Ignore | FormKind::ResolveChange | FormKind::ReopenChange | FormKind::Advise | FormKind::Tick => {
            model.timeline.selected().map(|event| model.target(event)).into_iter().collect()
        }
        _ => model.targets(),
    };
    let reason = || Field::text("reason", reason_hint(model, kind), "");
    let to = |hint, offered: &str| Field::pick("to", hint, offered, people_of(model));
    let fields = match kind {
        FormKind::Acknowledge | FormKind::Reopen | FormKind::ReopenChange => vec![reason()],
        FormKind::Snooze => vec![Field::offering("until", UNTIL, "4h", when::PRESETS), reason()],
        FormKind::Assign => {
            let me = sanitise::line(&model.actor);
            vec![to("a name; up and down: people; empty: nobody", &me)]
        }
        FormKind::Resolve | FormKind::ResolveChange => vec![
            Field::choice("as", "up and down choose", ResolutionType::ALL.map(|r| r.as_str().to_owned()).into()),
            reason(),
            Field::offering("until", FOR_GOOD, EXCEPTION, when::PRESETS),
        ]
        .into_iter()
        .chain((kind == FormKind::Resolve).then(|| Field::choice("cause", CAUSE, said_first())))
        .collect(),
        FormKind::JudgeCause => vec![Field::choice("cause", "up and down choose; enter confirms", likely_first(model))],
        FormKind::Accept => vec![Field::offering("until", FOR_GOOD, EXCEPTION, when::PRESETS), reason()],
        FormKind::Escalate => vec![to("a name or a team; up and down: people", ""), reason()],
        FormKind::Advise => advising::fields(),
        FormKind::Tick => advising::steps(model),
        FormKind::Note => vec![Field::lines("note", "ctrl-s or alt-enter saves")],
        FormKind::Ignore => ruling::offered(model),
        FormKind::EditRule => return super::rules::edit(model),
        FormKind::NeverHide => return never_hide::open(model),
        FormKind::EditNeverHide => return never_hide::edit(model),
        FormKind::Remediate | FormKind::Approve | FormKind::Reject | FormKind::CancelRemediation => {
            return remediation::open(model, kind);
        }
        FormKind::Link => return links::open(model),
        FormKind::Unlink => return links::unlink(model),
    };
    let mut form = Form::new(kind, targets, fields);
    if matches!(kind, FormKind::ResolveChange | FormKind::ReopenChange) {
        form.change = model.selected_change().map(|change| change.path.clone());
    }
    if kind == FormKind::Ignore {
        // All else is filled in.
        form.go(form.fields.iter().position(|field| field.label == "reason").unwrap_or(0));
    }
    drafting::restore(model, &mut form);
    let names_people = form.field("to").is_some();
    model.overlay = Some(Overlay::Form(form));
    // The list fills itself a moment later; who is remembered already is offered at once.
    if names_people { vec![Effect::LoadPeople] } else { vec![] }
}

/// Offers those who came to light meanwhile too.
pub fn people_came(model: &mut Model, people: Vec<Tainted>) -> Vec<Effect> {
    model.remembered_people = people.iter().map(Tainted::line).collect();
    let known = people_of(model);
    if let Some(Overlay::Form(form)) = &mut model.overlay
        && let Some(Field { value: Value::Pick(pick), .. }) = form.fields.iter_mut().find(|field| field.label == "to")
    {
        pick.learn(known);
    }
    vec![]
}

/// The causes, after the choice to say none.
fn said_first() -> Vec<String> {
    let causes = Cause::ALL.map(|cause| cause.as_str().to_owned());
    [NOT_SAID.to_owned()].into_iter().chain(causes).collect()
}

/// The causes, the one that was found or said first: enter confirms it.
fn likely_first(model: &Model) -> Vec<String> {
    let found =
        model.timeline.selected().map(|event| event.judged_cause.unwrap_or(event.analysis.cause.cause_category));
    let others = Cause::ALL.into_iter().filter(|cause| Some(*cause) != found);
    found.into_iter().chain(others).map(|cause| cause.as_str().to_owned()).collect()
}

fn reason_hint(model: &Model, kind: FormKind) -> &'static str {
    if reasons::is_asked(model, kind) { "why; ends up in the audit trail" } else { "may be empty" }
}

/// Who may be asked: as configured, then who has decided or been asked before, then oneself.
fn people_of(model: &Model) -> Vec<String> {
    let mut known: Vec<String> = vec![];
    let me = [sanitise::line(&model.actor)];
    for one in model.people.iter().chain(&model.remembered_people).chain(&me) {
        if !known.contains(one) {
            known.push(one.clone());
        }
    }
    known
}

/// Closes the form; what was typed is discarded, several lines only after a question.
pub fn leave(model: &mut Model, mut form: Form) -> Vec<Effect> {
    if asks_first(&mut form) {
        model.overlay = Some(Overlay::Form(form));
        return vec![];
    }
    model.drafts.forget(&form.key());
    if form.rule.is_some() || form.unhides.is_some() {
        return super::rules::open(model);
    }
    if form.about.as_ref().is_some_and(|about| about.drift.is_none()) {
        model.overlay = Some(Overlay::Untold);
    }
    vec![]
}

/// Whether several lines would be lost by leaving, and this is not the answer to that question.
fn asks_first(form: &mut Form) -> bool {
    let is_typed = form.texts() != form.untouched;
    match form.editor() {
        Some(editor) if is_typed && !editor.asks => editor.asks = true,
        _ => return false,
    }
    form.problem = Some("enter saves it, esc discards it, any other key goes on".into());
    true
}

/// Plans what the form says, or keeps it open with what is wrong.
pub fn submit(model: &mut Model, mut form: Form) -> Vec<Effect> {
    if let Some((at, problem)) = wrong::first(model, &form).or_else(|| wrong::doubt(&mut form)) {
        return again(model, form, at, problem);
    }
    if let Some(at) = form.unseen_end() {
        return again(model, form, at, "until when? enter takes this, an empty field is for good".into());
    }
    match plan(model, &form) {
        Ok(plan) => {
            let careful = plan.never_hide.is_some() || form.kind.action().entry().danger == Danger::Confirmed;
            planning::propose(model, plan, careful)
        }
        Err(problem) => {
            // What is typed next belongs where something is wrong.
            let about = |label: &str| ["reason", "until", "expires"].contains(&label) && problem.contains(label);
            let at = form.fields.iter().position(|field| about(field.label)).unwrap_or(form.at);
            again(model, form, at, problem)
        }
    }
}

/// The form stays open, in the field where something is missing.
fn again(model: &mut Model, mut form: Form, at: usize, problem: String) -> Vec<Effect> {
    form.go(at);
    form.problem = Some(problem);
    model.overlay = Some(Overlay::Form(form));
    vec![]
}

fn plan(model: &Model, form: &Form) -> Result<Plan, String> {
    match form.kind {
        FormKind::EditRule => return ruling::change(model, form),
        FormKind::NeverHide | FormKind::EditNeverHide => return never_hide::plan(model, form),
        FormKind::Remediate | FormKind::Approve | FormKind::Reject | FormKind::CancelRemediation => {
            return remediation::plan(model, form);
        }
        FormKind::Link | FormKind::Unlink => return links::plan(model, form),
        _ => {}
    }
    let reason = ruling::typed(form, "reason");
    if reason.is_empty() && reasons::is_asked(model, form.kind) {
        return Err(reasons::wanted(form.kind));
    }
    let verbs = verbs(model, form)?;
    if reasons::is_missing(model, &verbs, some(reason).as_ref()) {
        return Err(reasons::wanted(form.kind));
    }
    let says = says_all(&verbs, reason, model);
    let plan = planning::same(form.targets.clone(), form.kind.action().entry().name, &verbs);
    Ok(Plan { reason: some(reason), says, draft: Some(form.key()), ..plan })
}

/// What is done to each drift, one after the other.
fn verbs(model: &Model, form: &Form) -> Result<Vec<TriageVerb>, String> {
    let typed = |label: &str| ruling::typed(form, label);
    let until = || match typed("until") {
        "" => Ok(None),
        text => when::parse(text, model.now, &model.zone).map(Some),
    };
    Ok(vec![match form.kind {
        FormKind::Acknowledge => TriageVerb::Acknowledge,
        FormKind::Reopen => TriageVerb::Reopen,
        FormKind::ReopenChange => TriageVerb::ReopenChanges { paths: vec![form.change.clone().ok_or(NO_CHANGE)?] },
        FormKind::Snooze => TriageVerb::Snooze { until: until()?.ok_or("until when?")? },
        FormKind::Assign => TriageVerb::Assign { to: some(typed("to")) },
        FormKind::Resolve | FormKind::ResolveChange => {
            let resolution_type = form.resolution().ok_or("settled as what?")?;
            // What nobody was asked is not meant.
            let until = if resolution_type == ResolutionType::Accepted { until()? } else { None };
            match form.kind {
                FormKind::ResolveChange => {
                    let path = form.change.clone().ok_or(NO_CHANGE)?;
                    TriageVerb::SettleChanges { paths: vec![path], resolution_type, until }
                }
                _ => {
                    // First, so that the last decision, which `undo` takes back, is the one that settles it.
                    let judged = form.cause().map(|cause| TriageVerb::JudgeCause { cause, features: None });
                    let resolve = TriageVerb::Resolve { resolution_type, until };
                    return Ok(judged.into_iter().chain([resolve]).collect());
                }
            }
        }
        FormKind::JudgeCause => TriageVerb::JudgeCause { cause: form.cause().ok_or("which cause?")?, features: None },
        FormKind::Accept => TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: until()? },
        FormKind::Escalate => {
            let to = some(typed("to")).ok_or("to whom?")?;
            let escalated = TriageVerb::Resolve { resolution_type: ResolutionType::Escalated, until: None };
            return Ok(vec![escalated, TriageVerb::Assign { to: Some(to) }]);
        }
        FormKind::Advise => advising::advise(form, model)?,
        FormKind::Tick => advising::tick(form, model)?,
        FormKind::Ignore => TriageVerb::Ignore { rule: ruling::rule(model, form)? },
        _ => {
            let text = form.field("note").map(|field| field.value.text()).unwrap_or_default();
            TriageVerb::Note { text: some(text.trim()).ok_or("the note is empty")? }
        }
    }])
}

pub(super) fn some(text: &str) -> Option<Tainted> {
    (!text.is_empty()).then(|| Tainted::from(text))
}

/// What the confirmation shows above the list.
pub fn says_all(verbs: &[TriageVerb], reason: &str, model: &Model) -> Vec<String> {
    let mut lines: Vec<String> = verbs.iter().flat_map(|verb| says(verb, model)).collect();
    if !reason.is_empty() {
        lines.push(format!("reason  {}", sanitise::line(reason)));
    }
    lines
}

fn says(verb: &TriageVerb, model: &Model) -> Vec<String> {
    let clock = |at: Timestamp| when::says(at, &model.zone);
    let end = |as_what, until: Option<Timestamp>| match until {
        Some(at) => format!(" until {}", clock(at)),
        None if as_what == ResolutionType::Accepted => " for good: it does not come back by itself".to_owned(),
        None => String::new(),
    };
    match verb {
        TriageVerb::Snooze { until } => vec![format!("until   {}", clock(*until))],
        TriageVerb::Assign { to } => vec![format!("to      {}", to.as_ref().map_or("nobody".into(), Tainted::line))],
        TriageVerb::Resolve { resolution_type, until } => {
            vec![format!("as      {}{}", resolution_type.as_str(), end(*resolution_type, *until))]
        }
        TriageVerb::SettleChanges { paths, resolution_type, until } => {
            let end = end(*resolution_type, *until);
            let of = paths.iter().map(|path| format!("change  {}", path.0.line()));
            of.chain([format!("as      {}{end}", resolution_type.as_str())]).collect()
        }
        TriageVerb::Note { text } => {
            let lead = |at| if at == 0 { "note    " } else { "        " };
            text.multiline().into_iter().enumerate().map(|(at, line)| format!("{}{line}", lead(at))).collect()
        }
        TriageVerb::Advise { advice } => advising::says(advice),
        TriageVerb::Tick { step, done, .. } => {
            vec![format!("step    {step} is {}", if *done { "done" } else { "not done after all" })]
        }
        TriageVerb::Ignore { rule } => ruling::says(rule, model),
        TriageVerb::JudgeCause { cause, .. } => vec![format!("cause   {}", cause.as_str())],
        _ => vec![],
    }
}
