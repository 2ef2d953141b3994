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
        FormKind::Assign | FormKind::Note | FormKind::JudgeCause => return false,
        FormKind::Advise | FormKind::Tick => return false,
        FormKind::EditRule | FormKind::NeverHide | FormKind::EditNeverHide => return false,
        FormKind::Remediate | FormKind::Approve | FormKind::Reject | FormKind::CancelRemediation => return false,
        FormKind::Link | FormKind::Unlink => return false,
    };
    model.require_reason.asks(&verb).is_some()
}

/// Whether what was chosen needs one, and there is none.
pub fn is_missing(model: &Model, verbs: &[TriageVerb], reason: Option<&Tainted>) -> bool {
    verbs.iter().any(|verb| model.require_reason.missing(verb, reason).is_some())
}

/// What is said where there is none.
pub fn wanted(kind: FormKind) -> String {
    match kind {
        FormKind::Resolve | FormKind::ResolveChange => "a resolution needs a reason".into(),
        FormKind::Ignore => "a rule needs a reason".into(),
        _ => format!("{} needs a reason (require_reason)", kind.action().entry().name),
    }
}
