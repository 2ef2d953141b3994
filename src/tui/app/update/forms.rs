//! What a verb needs to know before it can be planned: its fields, and what is made of them.

use jiff::Timestamp;

use super::{drafting, never_hide, triage};
use crate::drift::{IgnoreRule, ResolutionType, RuleId, TriageVerb};
use crate::safety::{Tainted, sanitise};
use crate::store::literal_pattern;
use crate::tui::app::action::{Action, Danger};
use crate::tui::app::input::Line;
use crate::tui::app::overlay::{Field, Form, FormKind, Overlay, Plan, Value};
use crate::tui::app::{Effect, Model, when};

impl FormKind {
    /// The action that opens it.
    pub fn action(self) -> Action {
        match self {
            Self::Snooze => Action::Snooze,
            Self::Assign => Action::Assign,
            Self::Resolve => Action::Resolve,
            Self::Note => Action::Note,
            Self::Ignore => Action::Ignore,
            Self::NeverHide => Action::NeverHide,
        }
    }
}

/// Opens the form over what is marked, or selected. A rule is made from one drift: the selected one.
pub fn open(model: &mut Model, kind: FormKind) -> Vec<Effect> {
    let targets = match kind {
        FormKind::Ignore | FormKind::NeverHide => {
            model.timeline.selected().map(|event| model.target(event)).into_iter().collect()
        }
        _ => model.targets(),
    };
    let fields = match kind {
        FormKind::Snooze => vec![
            Field {
                label: "until",
                hint: "2h, 1d12h, friday, 2026-12-01; up and down: presets",
                value: Value::Text { line: Line::new("4h"), presets: when::PRESETS },
            },
            Field::text("reason", "may be empty", ""),
        ],
        FormKind::Assign => {
            vec![Field::text("to", "a login name; empty: nobody", sanitise::line(&model.actor))]
        }
        FormKind::Resolve => vec![
            Field::choice("as", "up and down choose", ResolutionType::ALL.map(|r| r.as_str().to_owned()).into()),
            Field::text("reason", "why; ends up in the audit trail", ""),
            Field::text("until", "only for accepted: 2h, friday, 2026-12-01; empty: for good", ""),
        ],
        FormKind::Note => vec![Field::text("note", "one line", "")],
        FormKind::Ignore => ignore_fields(model),
        FormKind::NeverHide => never_hide::fields(model),
    };
    let mut form = Form::new(kind, targets, fields);
    drafting::restore(model, &mut form);
    model.overlay = Some(Overlay::Form(form));
    vec![]
}

fn ignore_fields(model: &Model) -> Vec<Field> {
    let Some(event) = model.timeline.selected() else { return vec![] };
    let path = model.selected_change().map(|change| literal(change.path.raw())).unwrap_or_default();
    let slug = event.environment.to_string();
    vec![
        Field::choice("in", "up and down choose", vec![slug, "every environment".into()]),
        Field::text("type", "glob; empty: any", literal(event.resource.resource_type.raw())),
        Field::text("id", "glob; empty: any", literal(event.resource.resource_id.raw())),
        Field::text("path", "glob; empty: the whole resource", path),
        Field::text("reason", "must be given", ""),
        Field::text("expires", "30d, friday, 2026-12-01; empty: never", "30d"),
    ]
}

/// A pattern that matches exactly this text; control characters cannot be typed, so they are left out.
pub(super) fn literal(text: &str) -> String {
    literal_pattern(&text.chars().filter(|c| !c.is_control()).collect::<String>())
}

/// Plans what the form says, or keeps it open with what is wrong.
pub fn submit(model: &mut Model, mut form: Form) -> Vec<Effect> {
    match plan(model, &form) {
        Ok(plan) => {
            let careful = form.kind.action().entry().danger == Danger::Confirmed;
            triage::propose(model, plan, careful)
        }
        Err(problem) => {
            form.problem = Some(problem);
            model.overlay = Some(Overlay::Form(form));
            vec![]
        }
    }
}

fn plan(model: &Model, form: &Form) -> Result<Plan, String> {
    let typed = |at: usize| form.fields.get(at).map(Field::typed).unwrap_or_default();
    let time = |at: usize| match typed(at) {
        "" => Ok(None),
        text => when::parse(text, model.now, &model.zone).map(Some),
    };
    let (verb, reason) = match form.kind {
        FormKind::Snooze => {
            let until = time(0)?.ok_or("until when?")?;
            (TriageVerb::Snooze { until }, typed(1))
        }
        FormKind::Assign => (TriageVerb::Assign { to: some(typed(0)) }, ""),
        FormKind::Resolve => {
            let chosen = form.fields.first().map_or(0, Field::chosen);
            let resolution_type = ResolutionType::ALL[chosen % ResolutionType::ALL.len()];
            let until = time(2)?;
            if until.is_some() && resolution_type != ResolutionType::Accepted {
                return Err("only `accepted` may end at a time".into());
            }
            if typed(1).is_empty() {
                return Err("a resolution needs a reason".into());
            }
            (TriageVerb::Resolve { resolution_type, until }, typed(1))
        }
        FormKind::Note => {
            let text = some(typed(0)).ok_or("the note is empty")?;
            (TriageVerb::Note { text }, "")
        }
        FormKind::NeverHide => (TriageVerb::NeverHide { rule: never_hide::rule(model, form)? }, ""),
        FormKind::Ignore => (TriageVerb::Ignore { rule: rule(model, form, time(5)?)? }, typed(4)),
    };
    let says = says(&verb, reason, model);
    let plan = triage::same(form.targets.clone(), form.kind.action().entry().name, &verb);
    Ok(Plan { reason: some(reason), says, draft: Some(form.key()), ..plan })
}

pub(super) fn some(text: &str) -> Option<Tainted> {
    (!text.is_empty()).then(|| Tainted::from(text))
}

fn rule(model: &Model, form: &Form, expires_at: Option<Timestamp>) -> Result<IgnoreRule, String> {
    let typed = |at: usize| form.fields.get(at).map(Field::typed).unwrap_or_default();
    let reason = some(typed(4)).ok_or("a rule needs a reason")?;
    if [1, 2, 3].iter().all(|at| typed(*at).is_empty()) {
        return Err("a rule for everything would hide everything: give a type, id or path".into());
    }
    let here = form.fields.first().is_some_and(|field| field.chosen() == 0);
    let drift = form.targets.first().ok_or("no drift is selected")?.id;
    // Made without chance, since this is pure: a drift may give several rules, but not within one millisecond.
    let made = u64::try_from(model.now.as_millisecond()).unwrap_or(0);
    let id = RuleId(ulid::Ulid::from_parts(made, drift.0.random()));
    Ok(IgnoreRule {
        id,
        environment: form.targets.first().filter(|_| here).map(|target| target.environment.clone()),
        resource_type: some(typed(1)),
        resource_id: some(typed(2)),
        path: some(typed(3)),
        reason,
        owner: Tainted::from(model.actor.as_str()),
        created_at: model.now,
        expires_at,
    })
}

/// What the confirmation shows above the list.
fn says(verb: &TriageVerb, reason: &str, model: &Model) -> Vec<String> {
    let clock = |at: Timestamp| at.to_zoned(model.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let shown = |text: &Option<Tainted>| text.as_ref().map_or("any".into(), Tainted::line);
    let mut lines = match verb {
        TriageVerb::Snooze { until } => vec![format!("until   {}", clock(*until))],
        TriageVerb::Assign { to } => vec![format!("to      {}", to.as_ref().map_or("nobody".into(), Tainted::line))],
        TriageVerb::Resolve { resolution_type, until } => {
            let end = until.map(|at| format!(" until {}", clock(at))).unwrap_or_default();
            vec![format!("as      {}{end}", resolution_type.as_str())]
        }
        TriageVerb::Note { text } => vec![format!("note    {}", text.line())],
        TriageVerb::Ignore { rule } => vec![
            format!("in      {}", rule.environment.as_ref().map_or("every environment".into(), ToString::to_string)),
            format!("type    {}", shown(&rule.resource_type)),
            format!("id      {}", shown(&rule.resource_id)),
            format!("path    {}", shown(&rule.path)),
            format!("expires {}", rule.expires_at.map_or("never".into(), clock)),
        ],
        _ => vec![],
    };
    if !reason.is_empty() {
        lines.push(format!("reason  {}", sanitise::line(reason)));
    }
    lines
}
