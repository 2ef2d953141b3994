//! What a verb needs to know before it can be planned: its fields, and what is made of them.

use jiff::Timestamp;

use super::{drafting, never_hide, ruling, triage};
use crate::drift::{ResolutionType, TriageVerb};
use crate::safety::{Tainted, sanitise};
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
            Self::EditRule | Self::EditNeverHide => Action::EditRule,
            Self::NeverHide => Action::NeverHide,
        }
    }
}

/// Opens the form over what is marked, or selected. A rule is made from one drift: the selected one.
pub fn open(model: &mut Model, kind: FormKind) -> Vec<Effect> {
    let targets = match kind {
        FormKind::Ignore => model.timeline.selected().map(|event| model.target(event)).into_iter().collect(),
        _ => model.targets(),
    };
    let fields = match kind {
        FormKind::Snooze => vec![
            Field {
                label: "until",
                hint: "2h, 1d12h, friday, 2026-12-01; up and down: presets",
                value: Value::Text {
                    line: Line::new("4h"),
                    presets: when::PRESETS.iter().map(|p| (*p).to_owned()).collect(),
                },
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
        FormKind::Ignore => ruling::offered(model),
        FormKind::EditRule => return super::rules::edit(model),
        FormKind::NeverHide => return never_hide::open(model),
        FormKind::EditNeverHide => return never_hide::edit(model),
    };
    let mut form = Form::new(kind, targets, fields);
    if kind == FormKind::Ignore {
        // All else is filled in.
        form.at = form.fields.iter().position(|field| field.label == "reason").unwrap_or(0);
    }
    drafting::restore(model, &mut form);
    model.overlay = Some(Overlay::Form(form));
    vec![]
}

/// Plans what the form says, or keeps it open with what is wrong.
pub fn submit(model: &mut Model, mut form: Form) -> Vec<Effect> {
    match plan(model, &form) {
        Ok(plan) => {
            let careful = plan.never_hide.is_some() || form.kind.action().entry().danger == Danger::Confirmed;
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
        FormKind::Ignore => (TriageVerb::Ignore { rule: ruling::rule(model, form)? }, ruling::typed(form, "reason")),
        FormKind::EditRule => return ruling::change(model, form),
        FormKind::NeverHide | FormKind::EditNeverHide => return never_hide::plan(model, form),
    };
    let says = says(&verb, reason, model);
    let plan = triage::same(form.targets.clone(), form.kind.action().entry().name, &verb);
    Ok(Plan { reason: some(reason), says, draft: Some(form.key()), ..plan })
}

pub(super) fn some(text: &str) -> Option<Tainted> {
    (!text.is_empty()).then(|| Tainted::from(text))
}

/// What the confirmation shows above the list.
fn says(verb: &TriageVerb, reason: &str, model: &Model) -> Vec<String> {
    let clock = |at: Timestamp| at.to_zoned(model.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let mut lines = match verb {
        TriageVerb::Snooze { until } => vec![format!("until   {}", clock(*until))],
        TriageVerb::Assign { to } => vec![format!("to      {}", to.as_ref().map_or("nobody".into(), Tainted::line))],
        TriageVerb::Resolve { resolution_type, until } => {
            let end = until.map(|at| format!(" until {}", clock(at))).unwrap_or_default();
            vec![format!("as      {}{end}", resolution_type.as_str())]
        }
        TriageVerb::Note { text } => vec![format!("note    {}", text.line())],
        TriageVerb::Ignore { rule } => ruling::says(rule, model),
        _ => vec![],
    };
    if !reason.is_empty() {
        lines.push(format!("reason  {}", sanitise::line(reason)));
    }
    lines
}
