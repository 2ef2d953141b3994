//! Who asks for something to be done, who answers, and who may.

use ulid::Ulid;

use super::{Remediation, RemediationKind, RemediationVerb};
use crate::drift::{DriftId, Once, RemediationId, Unfit};
use crate::safety::{Tainted, is_seen};

/// Bytes of a reason at most.
const TEXT: usize = 16 << 10;

/// Who asks or answers, as far as it matters here.
#[derive(Clone, PartialEq, Debug)]
pub struct Party {
    pub name: Tainted,
    /// The account behind it, where there is one: of an API key its owner's.
    pub account: Option<Ulid>,
    pub is_admin: bool,
    /// A program with an account of its own.
    pub is_service: bool,
    /// Sits at the machine that has the store: nobody has looked at who it is.
    pub is_here: bool,
}

impl Party {
    /// Whoever sits at the machine that has the store.
    pub fn here(name: Tainted) -> Self {
        Self { name, account: None, is_admin: true, is_service: false, is_here: true }
    }
}

/// Somebody asks.
#[derive(Clone, PartialEq, Debug)]
pub struct RemediationRequest {
    pub drift: DriftId,
    pub kind: RemediationKind,
    pub reason: Option<Tainted>,
    /// Of the drift, as it was seen; refused with the current one when it has moved on.
    pub expected_version: Option<u64>,
    pub by: Party,
    pub once: Option<Once>,
}

/// Somebody answers.
#[derive(Clone, PartialEq, Debug)]
pub struct RemediationDecision {
    pub id: RemediationId,
    pub verb: RemediationVerb,
    pub reason: Option<Tainted>,
    /// Of the request, as it was seen.
    pub expected_version: Option<u64>,
    pub by: Party,
    pub once: Option<Once>,
}

/// Why somebody may not answer a request.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MayNot {
    #[error("only an admin can {0} this: ask one who did not ask for it")]
    NotAdmin(&'static str),
    #[error("you asked for this yourself, and nobody can {verb} what they asked for: another admin has to")]
    Own { verb: &'static str },
    #[error("a service account cannot {0} this: that takes a person, an admin who did not ask for it")]
    Service(&'static str),
    #[error("only {by}, who asked for it, or an admin can cancel this")]
    NotTheirs { by: String },
}

impl RemediationRequest {
    /// The first thing that is not right, whatever the drift.
    pub fn unfit(&self) -> Option<Unfit> {
        unfit(self.reason.as_ref())
    }
}

impl RemediationDecision {
    /// The first thing that is not right, whatever it is about.
    pub fn unfit(&self) -> Option<Unfit> {
        unfit(self.reason.as_ref())
    }
}

fn unfit(reason: Option<&Tainted>) -> Option<Unfit> {
    let text = reason?.raw();
    let message = match text {
        text if text.len() > TEXT => format!("a reason has at most {TEXT} bytes"),
        text if !text.is_empty() && !is_seen(text) => "a reason needs some text that is seen".to_owned(),
        _ => return None,
    };
    Some(Unfit { field: "reason", message })
}

impl Remediation {
    /// Whether somebody may say that to it. `approves_own`: whoever asked may, at the machine that has the store.
    ///
    /// # Errors
    /// [`MayNot`] says why not.
    pub fn may(&self, verb: RemediationVerb, by: &Party, approves_own: bool) -> Result<(), MayNot> {
        let (is_own, word) = (self.is_by(by), verb.as_str());
        match verb {
            RemediationVerb::Cancel if is_own || by.is_admin => Ok(()),
            RemediationVerb::Cancel => Err(MayNot::NotTheirs { by: self.requested_by.cell(40) }),
            _ if by.is_service => Err(MayNot::Service(word)),
            _ if is_own && !(approves_own && by.is_here) => Err(MayNot::Own { verb: word }),
            _ if !by.is_admin => Err(MayNot::NotAdmin(word)),
            _ => Ok(()),
        }
    }

    /// Whether this is who asked: the account is the same, or the name.
    pub fn is_by(&self, by: &Party) -> bool {
        let same_account = self.requester.is_some() && self.requester == by.account;
        same_account || self.requested_by.raw().to_lowercase() == by.name.raw().to_lowercase()
    }
}
