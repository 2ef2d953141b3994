//! What a scan hid or could not verify, by name: as much of it as is kept, in the order of the scan.

use super::examine::{Examiner, marks};
use super::outcome::{Observed, Outcome, in_sync};
use crate::compare::Verdict;
use crate::declared::DeclaredResource;
use crate::drift::{Aside, Finding, Hidden, PropertyPath, ResourceRef, Untold, Unverified};
use crate::live::LiveResource;

/// How much of each kind is listed.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Limits {
    pub hidden: usize,
    pub unverified: usize,
}

impl Limits {
    /// What a store keeps.
    pub const KEPT: Self = Self { hidden: Untold::KEPT, unverified: Untold::KEPT };

    /// Nothing is listed, only counted.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// The list as it grows.
#[derive(Default)]
pub(super) struct Listing {
    pub limits: Limits,
    rows: Vec<Untold>,
    hidden: usize,
    unverified: usize,
    /// Rows of the second pass that the first has asked for.
    asked: u64,
}

impl Listing {
    pub fn of(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Whether a resource in sync with so many rows should be looked at again, for its rows.
    pub fn wants(&mut self, rows: u64) -> bool {
        let wanted = rows > 0 && self.asked < (self.limits.hidden + self.limits.unverified) as u64;
        self.asked += if wanted { rows } else { 0 };
        wanted
    }

    pub fn add(&mut self, rows: Vec<Untold>) {
        for row in rows {
            let (count, limit) = match row.what {
                Aside::Hidden(_) => (&mut self.hidden, self.limits.hidden),
                Aside::Unverified(_) => (&mut self.unverified, self.limits.unverified),
            };
            if *count < limit {
                *count += 1;
                self.rows.push(row);
            }
        }
    }

    pub fn add_of(&mut self, finding: &Finding) {
        if !self.limits.is_none() {
            self.add(rows(&finding.resource, true, finding.hidden.clone(), finding.unverified.clone()));
        }
    }

    pub fn into_rows(self) -> Vec<Untold> {
        self.rows
    }
}

/// The rows of one resource.
pub(super) fn rows(
    resource: &ResourceRef,
    drifted: bool,
    hidden: Vec<Hidden>,
    unverified: Vec<Unverified>,
) -> Vec<Untold> {
    let all = hidden.into_iter().map(Aside::Hidden).chain(unverified.into_iter().map(Aside::Unverified));
    all.map(|what| Untold { resource: resource.clone(), drifted, what }).collect()
}

impl Examiner<'_> {
    /// In sync, with what is hidden and unverified by name where somebody wants to know it. Only once every secret is known.
    pub(super) fn in_sync(
        &self,
        declared: &DeclaredResource,
        live: &LiveResource,
        verdict: &Verdict,
        observed: Option<Box<Observed>>,
    ) -> Outcome {
        let mut outcome = in_sync(declared, verdict, observed);
        if let Outcome::InSync { untold, .. } = &mut outcome
            && !self.context.listed.is_none()
        {
            let (hidden, unverified) = self.set_aside(&declared.resource_type, verdict, &marks(declared, Some(live)));
            *untold = rows(&self.reference(declared), false, hidden, unverified);
        }
        outcome
    }

    /// What a verdict hides and could not verify, masked.
    pub(super) fn set_aside(
        &self,
        resource_type: &str,
        verdict: &Verdict,
        marks: &[PropertyPath],
    ) -> (Vec<Hidden>, Vec<Unverified>) {
        // Keys, and values that select an element, may hold secrets too.
        let shown = |path: &str| self.redactor.mask_path(resource_type, &path.into(), marks);
        let leaf = |path: &str, value: &Option<serde_json::Value>| {
            value.as_ref().map(|v| self.redactor.mask_leaf(resource_type, &path.into(), v, marks))
        };
        let hidden = verdict.hidden.iter().map(|h| Hidden {
            path: shown(&h.path),
            rule: h.rule.to_owned(),
            declared: leaf(&h.path, &h.declared),
            actual: leaf(&h.path, &h.actual),
        });
        let unverified = verdict.unverified.iter().map(|u| Unverified {
            path: Some(shown(&u.path)),
            reason: u.reason,
            detail: u.detail.into(),
        });
        (hidden.collect(), unverified.collect())
    }
}
