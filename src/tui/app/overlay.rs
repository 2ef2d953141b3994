//! What lies over the panes: one thing at a time.

use serde::{Deserialize, Serialize};

pub use super::about::About;
use super::drafts::DraftKey;
use super::editor::Editor;
use super::input::Line;
use super::msg::Ticket;
use super::pick::Pick;
use super::query_line::QueryLine;
use super::remediation::Ask;
use super::update::jump::Place;
use crate::drift::{
    DriftEvent, DriftId, IgnoreRule, NeverHideRequest, NeverHideRule, PropertyPath, RuleRequest, SeverityClass, Slug,
    State, TriageVerb,
};
use crate::safety::Tainted;
use crate::service::Settle;

/// A drift as it stood on the screen when it was chosen: what a decision is about.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    pub id: DriftId,
    /// The version that was seen.
    pub version: u64,
    pub environment: Slug,
    pub state: State,
    pub class: SeverityClass,
    /// The resource.
    pub label: Tainted,
}

impl Target {
    /// As it stands at `now`.
    pub fn of(event: &DriftEvent, now: jiff::Timestamp) -> Self {
        Self {
            id: event.id,
            version: event.version,
            environment: event.environment.clone(),
            state: event.state_at(now),
            class: event.severity_class(),
            label: event.resource.resource_id.clone(),
        }
    }
}

/// Decisions that are shown before they are made. Only what is listed is done.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Plan {
    /// `acknowledge`, `undo resolve`, …
    pub word: String,
    /// Those on the same drift stand together, and are done one after the other.
    pub steps: Vec<(Target, TriageVerb)>,
    /// What was chosen too, and will not be done: why.
    pub left_out: Vec<(Target, String)>,
    pub reason: Option<Tainted>,
    /// What the decision says, line by line; sanitised.
    pub says: Vec<String>,
    /// Where it was typed: kept until it is saved.
    pub draft: Option<DraftKey>,
    /// About a rule that is there, and no drift.
    pub rule: Option<Box<RuleRequest>>,
    /// About what must not be hidden.
    pub never_hide: Option<Box<NeverHideRequest>>,
    /// Leave to do something about a drift.
    pub remediation: Option<Box<Ask>>,
}

impl Plan {
    /// The drifts it is about.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.steps.chunk_by(|(a, _), (b, _)| a.id == b.id).filter_map(|steps| steps.first()).map(|(target, _)| target)
    }
}

/// What a form decides.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum FormKind {
    Snooze,
    Assign,
    Resolve,
    Accept,
    Escalate,
    Note,
    JudgeCause,
    /// Gives advice.
    Advise,
    /// A step of advice is done, or not after all.
    Tick,
    /// Only asks for a reason, where one is required.
    Acknowledge,
    Reopen,
    /// One change of the drift, not the whole.
    ResolveChange,
    ReopenChange,
    Ignore,
    /// A rule that is there.
    EditRule,
    NeverHide,
    /// One about what must not be hidden.
    EditNeverHide,
    Remediate,
    Approve,
    Reject,
    CancelRemediation,
    Link,
    Unlink,
}

/// What is in a field.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// Up and down offer `presets`.
    Text {
        line: Line,
        presets: Vec<String>,
    },
    Choice {
        options: Vec<String>,
        at: usize,
    },
    /// Up and down choose.
    Pick(Pick),
    /// Several lines.
    Lines(Editor),
}

impl Value {
    pub fn text(&self) -> String {
        match self {
            Self::Text { line, .. } => line.text().to_owned(),
            Self::Choice { options, at } => options.get(*at).cloned().unwrap_or_default(),
            Self::Pick(pick) => pick.text().to_owned(),
            Self::Lines(editor) => editor.text(),
        }
    }
}

/// One field of a form.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    pub label: &'static str,
    /// What may stand there.
    pub hint: &'static str,
    pub value: Value,
}

impl Field {
    pub fn text(label: &'static str, hint: &'static str, text: impl Into<String>) -> Self {
        Self { label, hint, value: Value::Text { line: Line::new(text), presets: vec![] } }
    }

    /// A text with presets; what stands there first is only offered.
    pub fn offering(label: &'static str, hint: &'static str, text: &str, presets: &[&str]) -> Self {
        let presets = presets.iter().map(|preset| (*preset).to_owned()).collect();
        Self { label, hint, value: Value::Text { line: Line::new(text), presets } }
    }

    pub fn pick(label: &'static str, hint: &'static str, offered: &str, known: Vec<String>) -> Self {
        Self { label, hint, value: Value::Pick(Pick::new(offered, known)) }
    }

    pub fn lines(label: &'static str, hint: &'static str) -> Self {
        Self { label, hint, value: Value::Lines(Editor::default()) }
    }

    pub fn choice(label: &'static str, hint: &'static str, options: Vec<String>) -> Self {
        Self { label, hint, value: Value::Choice { options, at: 0 } }
    }

    /// What is typed in one line, trimmed; empty for a choice.
    pub fn typed(&self) -> &str {
        match &self.value {
            Value::Text { line, .. } => line.text().trim(),
            Value::Pick(pick) => pick.text().trim(),
            Value::Choice { .. } | Value::Lines(_) => "",
        }
    }

    /// Which option; 0 for text.
    pub fn chosen(&self) -> usize {
        match &self.value {
            Value::Choice { at, .. } => *at,
            _ => 0,
        }
    }

    /// The next option that begins with the letter; `None`: this is no choice, `false`: none does.
    pub fn jump(&mut self, letter: char) -> Option<bool> {
        let Value::Choice { options, at } = &mut self.value else { return None };
        let begins =
            |option: &String| option.chars().next().is_some_and(|c| c.to_lowercase().eq(letter.to_lowercase()));
        let len = options.len();
        let found = (1..=len).map(|by| (*at + by) % len).find(|to| begins(&options[*to]));
        *at = found.unwrap_or(*at);
        Some(found.is_some())
    }

    /// Next (`1`) or previous (`-1`) option or preset.
    pub fn step(&mut self, by: isize) {
        let turn = |at: usize, len: usize| (at + len).saturating_add_signed(by) % len.max(1);
        match &mut self.value {
            Value::Choice { options, at } => *at = turn(*at, options.len()),
            Value::Text { line, presets } if !presets.is_empty() => {
                let next = match presets.iter().position(|p| *p == line.text()) {
                    Some(at) => turn(at, presets.len()),
                    None => 0,
                };
                *line = Line::new(presets[next].clone());
            }
            Value::Pick(pick) => pick.step(by),
            Value::Lines(editor) => editor.move_by(by),
            Value::Text { .. } => {}
        }
    }
}

/// Asks what a verb needs to know.
#[derive(Clone, PartialEq, Debug)]
pub struct Form {
    pub kind: FormKind,
    pub targets: Vec<Target>,
    pub fields: Vec<Field>,
    /// The field in focus.
    pub at: usize,
    /// The last field that was in focus so far.
    pub furthest: usize,
    /// What is wrong with what was typed.
    pub problem: Option<String>,
    /// The rule that is edited.
    pub rule: Option<IgnoreRule>,
    /// The rule about what must not be hidden that is edited.
    pub unhides: Option<Box<NeverHideRule>>,
    /// What must not be hidden.
    pub about: Option<Box<About>>,
    /// The one change it is about.
    pub change: Option<PropertyPath>,
    /// The fields as they were offered.
    pub untouched: Vec<String>,
}

impl Form {
    pub fn new(kind: FormKind, targets: Vec<Target>, fields: Vec<Field>) -> Self {
        let mut form = Self {
            kind,
            targets,
            fields,
            at: 0,
            furthest: 0,
            problem: None,
            rule: None,
            unhides: None,
            about: None,
            change: None,
            untouched: vec![],
        };
        form.untouched = form.texts();
        form
    }

    /// Names what is typed into it.
    pub fn key(&self) -> DraftKey {
        let mut targets: Vec<DriftId> = self.targets.iter().map(|target| target.id).collect();
        // A rule's id is of the same kind as a drift's, and drafts of different forms never meet.
        targets.extend(self.rule.iter().map(|rule| DriftId(rule.id.0)));
        targets.extend(self.unhides.iter().map(|rule| DriftId(rule.id.0)));
        targets.extend(self.about.iter().map(|about| DriftId(about.id())));
        targets.sort();
        DraftKey { form: Some(self.kind), targets }
    }

    /// The field with this label.
    pub fn field(&self, label: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.label == label)
    }

    /// Whether the field with this label is as it was offered.
    pub fn is_untouched(&self, label: &str) -> bool {
        let at = self.fields.iter().position(|field| field.label == label);
        at.is_some_and(|at| Some(&self.fields[at].value.text()) == self.untouched.get(at))
    }

    /// What stands in the fields.
    pub fn texts(&self) -> Vec<String> {
        self.fields.iter().map(|field| field.value.text()).collect()
    }

    /// Puts texts into the fields, as if they were typed: what cannot be typed is left out.
    pub fn fill(&mut self, texts: &[String]) {
        for (field, text) in self.fields.iter_mut().zip(texts) {
            match &mut field.value {
                Value::Text { line, .. } => *line = Line::typed(text),
                Value::Choice { options, at } => {
                    *at = options.iter().position(|option| option == text).unwrap_or(*at);
                }
                Value::Pick(pick) => (pick.line, pick.at) = (Line::typed(text), None),
                Value::Lines(editor) => *editor = Editor::typed(text),
            }
        }
    }

    /// The line of the field in focus.
    pub fn line(&mut self) -> Option<&mut Line> {
        match &mut self.fields.get_mut(self.at)?.value {
            Value::Text { line, .. } => Some(line),
            Value::Pick(pick) => Some(&mut pick.line),
            Value::Lines(editor) => Some(editor.line()),
            Value::Choice { .. } => None,
        }
    }

    /// The editor in focus.
    pub fn editor(&mut self) -> Option<&mut Editor> {
        if let Value::Lines(editor) = &mut self.fields.get_mut(self.at)?.value { Some(editor) } else { None }
    }
}

/// Finds anything by name.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Palette {
    pub line: Line,
    /// Row of the matches.
    pub at: usize,
    /// Resources the service found.
    pub found: Vec<Place>,
    /// What the service is being asked.
    pub asked: Option<Ticket>,
}

/// The one overlay.
#[derive(Clone, PartialEq, Debug)]
pub enum Overlay {
    Help {
        scroll: usize,
    },
    Notices {
        scroll: usize,
    },
    /// How things stand.
    Trends {
        scroll: usize,
    },
    Palette(Palette),
    Query(QueryLine),
    /// The views, with the row under the cursor.
    Views {
        at: usize,
    },
    Form(Form),
    /// The ignore rules, and those about what must not be hidden.
    Rules,
    /// What was decided in this session.
    Decisions {
        at: usize,
    },
    /// Decisions the server does not have yet.
    Waiting,
    /// The one under the cursor, beside what somebody else decided.
    Collision,
    /// All those at once; only what is listed is done.
    SettleAll {
        how: Settle,
        ids: Vec<ulid::Ulid>,
        scroll: usize,
    },
    /// What the last scan of an environment hid.
    Untold,
    /// Environments that the code here offers.
    Offers,
    /// The one under the cursor is in force; the one before comes back on leaving.
    Themes {
        before: usize,
    },
    /// The tour, by its step.
    Tutorial(usize),
    /// What happened in a span of time.
    Incident,
    /// One resource.
    Resource,
    /// What was decided.
    History,
    /// Who made a drift.
    Who,
    /// What was learned from operators.
    Models,
    /// What happened, in a few sentences.
    Narrative,
    /// A question to Gemini.
    Question,
    /// Two bodies beside each other.
    Sheet,
    Confirm {
        plan: Plan,
        scroll: usize,
    },
}
