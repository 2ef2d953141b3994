//! The last decision again, on what is marked or selected now.

use super::{forms, plan};
use crate::drift::TriageVerb;
use crate::safety::Tainted;
use crate::service::permission;
use crate::tui::app::overlay::Plan;
use crate::tui::app::{Effect, Model};

/// What can be done again.
#[derive(Clone, PartialEq, Debug)]
pub struct Repeat {
    pub word: String,
    /// On every drift, one after the other.
    pub verbs: Vec<TriageVerb>,
    reason: Option<Tainted>,
}

impl Repeat {
    /// A rule is made from one drift, and what is taken back is gone: these are done once.
    pub fn of(plan: &Plan) -> Option<Self> {
        let first = plan.steps.first()?.0.id;
        let of_first = plan.steps.iter().take_while(|(target, _)| target.id == first);
        let verbs: Vec<TriageVerb> = of_first.map(|(_, verb)| verb.clone()).collect();
        let once = |verb: &TriageVerb| {
            use TriageVerb as V;
            !matches!(
                verb,
                V::Acknowledge
                    | V::Snooze { .. }
                    | V::Assign { .. }
                    | V::Resolve { .. }
                    | V::Note { .. }
                    | V::JudgeCause { .. }
                    | V::Reopen
            )
        };
        let reason = plan.reason.clone();
        (!verbs.iter().any(once)).then(|| Self { word: plan.word.clone(), verbs, reason })
    }

    /// Puts drift out of sight: shown before it is done.
    pub fn settles(&self) -> bool {
        self.verbs.iter().any(permission::settles)
    }

    /// It was until a time that has come.
    pub fn is_over(&self, now: jiff::Timestamp) -> bool {
        self.verbs.iter().any(|verb| match verb {
            TriageVerb::Snooze { until } | TriageVerb::Resolve { until: Some(until), .. } => *until <= now,
            _ => false,
        })
    }
}

pub fn again(model: &mut Model) -> Vec<Effect> {
    let Some(repeat) = model.repeat.clone() else { return vec![] };
    let reason = repeat.reason.as_ref().map(Tainted::line).unwrap_or_default();
    let says = forms::says_all(&repeat.verbs, &reason, model);
    let careful = repeat.settles();
    let plan = plan::same(model.targets(), &repeat.word, &repeat.verbs);
    plan::propose(model, Plan { reason: repeat.reason, says, ..plan }, careful)
}
