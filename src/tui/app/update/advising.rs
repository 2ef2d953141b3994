//! Advice that a person gives, and steps of advice that are done: their forms.

use jiff::Timestamp;

use super::ruling;
use crate::drift::{DriftEvent, Effort, NewAdvice, Priority, Recommendation, RecommendationType, TriageVerb};
use crate::safety::Tainted;
use crate::tui::app::overlay::{Field, Form};
use crate::tui::app::{Model, when};

/// What can be advised, the usual first.
const KINDS: [RecommendationType; 5] = [
    RecommendationType::ManualReview,
    RecommendationType::AutoRevert,
    RecommendationType::CodifyIac,
    RecommendationType::EscalateReview,
    RecommendationType::AcceptException,
];
const PRIORITIES: [Priority; 4] = [Priority::Medium, Priority::High, Priority::Critical, Priority::Low];

pub fn fields() -> Vec<Field> {
    vec![
        Field::choice("what", "up and down choose", KINDS.map(|kind| kind.as_str().to_owned()).into()),
        Field::choice("how soon", "up and down choose", PRIORITIES.map(|one| one.as_str().to_owned()).into()),
        Field::text("why", "the first that people see", ""),
        Field::text("steps", "one after the other, with ; between them; may be empty", ""),
        Field::offering("until", "how long it is good", "1w", when::PRESETS),
    ]
}

pub fn advise(form: &Form, model: &Model) -> Result<TriageVerb, String> {
    let chosen = |label: &str| form.field(label).map_or(0, Field::chosen);
    let until: Option<Timestamp> = match ruling::typed(form, "until") {
        "" => None,
        text => Some(when::parse(text, model.now, &model.zone)?),
    };
    let rationale = super::forms::some(ruling::typed(form, "why")).ok_or("why? it is the first that people see")?;
    let steps = ruling::typed(form, "steps").split(';').map(str::trim).filter(|step| !step.is_empty());
    let advice = NewAdvice {
        recommendation_type: KINDS[chosen("what") % KINDS.len()],
        priority: PRIORITIES[chosen("how soon") % PRIORITIES.len()],
        rationale,
        steps: steps.map(Tainted::from).collect(),
        estimated_effort: Effort::Hours,
        expires_at: until,
    };
    Ok(TriageVerb::Advise { advice: Box::new(advice) })
}

pub fn says(advice: &NewAdvice) -> Vec<String> {
    let head = format!("advice  {} ({})", advice.recommendation_type.as_str(), advice.priority.as_str());
    let steps = advice.steps.iter().enumerate().map(|(at, step)| format!("        {}. {}", at + 1, step.line()));
    [head, format!("why     {}", advice.rationale.line())].into_iter().chain(steps).collect()
}

/// Every step of the advice that can be followed, with whether it is done.
fn all(event: &DriftEvent, now: Timestamp) -> impl Iterator<Item = (&Recommendation, u32, &Tainted)> {
    let followed = event.recommendations.iter().filter(move |advice| advice.refusal(now).is_none());
    followed
        .flat_map(|advice| (1..).zip(&advice.implementation_steps).map(move |(number, text)| (advice, number, text)))
}

pub fn steps(model: &Model) -> Vec<Field> {
    let Some(event) = model.timeline.selected() else { return vec![] };
    let (mut first, mut options) = (None, vec![]);
    for (advice, number, text) in all(event, model.now) {
        let is_done = event.tick(advice, number).is_some();
        first = first.or((!is_done).then_some(options.len()));
        let sign = if is_done { "x" } else { " " };
        options.push(format!("[{sign}] {} {number}. {}", advice.recommendation_type.as_str(), text.line()));
    }
    let mut field = Field::choice("step", "up and down choose; what is done is not done after all", options);
    if let crate::tui::app::overlay::Value::Choice { at, .. } = &mut field.value {
        *at = first.unwrap_or(0);
    }
    vec![field]
}

pub fn tick(form: &Form, model: &Model) -> Result<TriageVerb, String> {
    let event = model.timeline.selected().ok_or("no drift is selected")?;
    let chosen = form.field("step").map_or(0, Field::chosen);
    let (advice, step, _) = all(event, model.now).nth(chosen).ok_or("there is no step")?;
    Ok(TriageVerb::Tick { advice: advice.key(), step, done: event.tick(advice, step).is_none() })
}

/// Why no step can be ticked.
pub fn no_step(model: &Model) -> Option<String> {
    let event = model.timeline.selected()?;
    if all(event, model.now).next().is_some() {
        return None;
    }
    let refused = event.recommendations.iter().find_map(|advice| advice.refusal(model.now));
    Some(refused.unwrap_or_else(|| "its advice has no steps".into()))
}
