//! One table: everything that can be written through the service, and what it may do to drift that somebody should see.

use crate::drift::{
    AuditEntry, DriftId, IgnoreRule, NeverHideRequest, NeverHideVerb, RemediationVerb, RuleId, RuleRequest, RuleVerb,
    State, TriageRequest, TriageVerb,
};

/// One thing that can be written. To cancel a scan writes nothing.
#[derive(Clone, Copy, Debug)]
pub enum Write<'a> {
    Triage(&'a TriageRequest),
    Rule(&'a RuleRequest),
    NeverHide(&'a NeverHideRequest),
    /// Leave to do something about a drift: `None` asks for it.
    Remediate {
        drift: DriftId,
        verb: Option<RemediationVerb>,
    },
    /// A deployment, an incident, a maintenance: said or ended.
    Context,
    Scan,
}

/// What it does where drift is protected.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Danger<'a> {
    /// Leaves drift in sight, or puts it aside until a time that it names.
    None,
    /// The drift, or a part of it, is settled.
    Settles,
    /// What the rule matches is out of sight.
    Hides(&'a IgnoreRule),
    /// What the rule with this id brought to light, if there is one, may be hidden again.
    HidesAgain(RuleId),
    /// As dangerous as what [`returns`] with the decision of this number.
    Undoes(u64),
}

/// The table.
pub fn danger(write: Write<'_>) -> Danger<'_> {
    match write {
        Write::Triage(request) => of_verb(&request.verb),
        Write::Rule(request) => match &request.verb {
            RuleVerb::Change { to } => Danger::Hides(to),
            RuleVerb::Delete => Danger::None,
            RuleVerb::Undo { seq } => Danger::Undoes(*seq),
        },
        Write::NeverHide(request) => match &request.verb {
            // In place of one that is there it may be narrower.
            NeverHideVerb::Put { .. } | NeverHideVerb::Delete => Danger::HidesAgain(request.rule),
            NeverHideVerb::Undo { seq } => Danger::Undoes(*seq),
        },
        // What is approved will be done.
        Write::Remediate { verb: None | Some(RemediationVerb::Approve), .. } => Danger::Settles,
        Write::Remediate { .. } | Write::Context | Write::Scan => Danger::None,
    }
}

/// The part of the table that is about one drift.
pub fn of_verb(verb: &TriageVerb) -> Danger<'_> {
    use TriageVerb as V;
    match verb {
        V::Acknowledge | V::Snooze { .. } | V::Assign { .. } | V::Note { .. } | V::JudgeCause { .. } => Danger::None,
        V::Reopen | V::ReopenChanges { .. } | V::NeverHide { .. } => Danger::None,
        V::Link { .. } | V::Unlink { .. } | V::Advise { .. } | V::Tick { .. } | V::Split | V::Rejoin => Danger::None,
        V::Resolve { .. } | V::SettleChanges { .. } => Danger::Settles,
        V::Ignore { rule } => Danger::Hides(rule),
        V::Undo { seq } => Danger::Undoes(*seq),
    }
}

/// What taking the decision of this entry back brings with it.
pub fn returns(entry: &AuditEntry) -> Danger<'_> {
    use TriageVerb as V;
    if let Some(change) = &entry.rule {
        return change.before.as_ref().map_or(Danger::None, Danger::Hides);
    }
    if let Some(change) = &entry.never_hide {
        return change.after.as_ref().map_or(Danger::None, |rule| Danger::HidesAgain(rule.id));
    }
    match &entry.verb {
        Some(V::NeverHide { rule }) => Danger::HidesAgain(rule.id),
        Some(V::ReopenChanges { .. }) => Danger::Settles,
        None | Some(V::Assign { .. } | V::Note { .. } | V::Ignore { .. } | V::Undo { .. }) => Danger::None,
        Some(V::Link { .. } | V::Unlink { .. } | V::Advise { .. } | V::Tick { .. }) => Danger::None,
        Some(V::JudgeCause { .. } | V::Split | V::Rejoin) => Danger::None,
        // The drift stands again as it did before.
        Some(V::Acknowledge | V::Snooze { .. } | V::Reopen | V::Resolve { .. } | V::SettleChanges { .. }) => {
            let was_settled = matches!(entry.old_state, Some(State::Resolved | State::Ignored));
            if was_settled { Danger::Settles } else { Danger::None }
        }
    }
}
