//! The reason of a decision is asked for before the service would refuse it without one.

use crate::drift::{ResolutionType, TriageVerb};
use crate::safety::Tainted;
use crate::tui::app::Model;
use crate::tui::app::overlay::FormKind;

/// Whether the decision of a form needs one, whatever is chosen in it.
pub fn is_asked(model: &Model, kind: FormKind) -> bool {
    let resolve = |resolution_type| TriageVerb::Resolve { resolution_type, until: None };
    let verb = match kind {
        FormKind::Acknowledge => TriageVerb::Acknowledge,
        FormKind::Snooze => TriageVerb::Snooze { until: model.now },
        FormKind::Resolve | FormKind::ResolveChange => resolve(ResolutionType::AutoRevert),
        FormKind::Accept => resolve(ResolutionType::Accepted),
        FormKind::Escalate => resolve(ResolutionType::Escalated),
        FormKind::Reopen | FormKind::ReopenChange => TriageVerb::Reopen,
        // A rule outlives who made it: one is needed whatever is configured.
        FormKind::Ignore => return true,
        FormKind::Assign | FormKind::Note => return false,
        FormKind::EditRule | FormKind::NeverHide | FormKind::EditNeverHide => return false,
    };
    model.require_reason.asks(&verb).is_some()
}

/// What is wrong with what is decided without a reason.
pub fn missing(model: &Model, kind: FormKind, verbs: &[TriageVerb], reason: Option<&Tainted>) -> Option<String> {
    let name = verbs.iter().find_map(|verb| model.require_reason.missing(verb, reason))?;
    Some(match kind {
        FormKind::Resolve | FormKind::ResolveChange => "a resolution needs a reason".into(),
        _ => format!("{name} needs a reason (require_reason)"),
    })
}
