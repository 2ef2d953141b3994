//! What grants come to, in the environments there are.

use std::collections::BTreeMap;

use crate::accounts::grant::What;
use crate::accounts::{Action, Denied, Grant, Rights};
use crate::api::Role;
use crate::drift::{CloudProvider, DriftEvent, IgnoreRule, NeverHideRule, Slug};
use crate::safety::Tainted;
use crate::service::{EnvironmentSummary, Spot};

/// How much of an environment somebody sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sight {
    Nothing,
    /// Some types of resources.
    Part,
    Whole,
}

/// Grants, with the environments they are about.
pub(super) struct Scope<'a> {
    role: Role,
    grants: &'a [Grant],
    places: BTreeMap<Slug, CloudProvider>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(role: Role, grants: &'a [Grant], environments: &[EnvironmentSummary]) -> Self {
        let place = |one: &EnvironmentSummary| (one.environment.slug.clone(), one.environment.cloud_provider);
        Self { role, grants, places: environments.iter().map(place).collect() }
    }

    fn may(&self, action: Action, environment: &Slug, what: What<'_>) -> Result<(), Denied> {
        let rights = Rights { role: self.role, grants: self.grants };
        rights.may_in(action, environment, self.places.get(environment).copied(), what)
    }

    pub(super) fn sight(&self, environment: &Slug) -> Sight {
        if self.may(Action::Read, environment, What::Whole).is_ok() {
            Sight::Whole
        } else if self.may(Action::Read, environment, What::Part).is_ok() {
            Sight::Part
        } else {
            Sight::Nothing
        }
    }

    pub(super) fn sees_any(&self, environment: &Slug) -> bool {
        self.sight(environment) != Sight::Nothing
    }

    pub(super) fn reads_type(&self, environment: &Slug, resource_type: &str) -> bool {
        self.may(Action::Read, environment, What::Type(resource_type)).is_ok()
    }

    pub(super) fn reads(&self, event: &DriftEvent) -> bool {
        self.reads_type(&event.environment, event.resource.resource_type.raw())
    }

    pub(super) fn reads_spot(&self, spot: &Spot) -> bool {
        self.reads_type(&spot.environment, spot.resource_type.raw())
    }

    pub(super) fn acts_on(&self, event: &DriftEvent) -> Result<(), Denied> {
        self.may(Action::Act, &event.environment, What::Type(event.resource.resource_type.raw()))
    }

    pub(super) fn acts_on_type(&self, environment: &Slug, resource_type: &str) -> Result<(), Denied> {
        self.may(Action::Act, environment, What::Type(resource_type))
    }

    pub(super) fn acts_on_all(&self, environment: &Slug) -> Result<(), Denied> {
        self.may(Action::Act, environment, What::Whole)
    }

    pub(super) fn acts_everywhere(&self) -> Result<(), Denied> {
        Rights { role: self.role, grants: self.grants }.may_everywhere(Action::Act, What::Whole)
    }

    /// Whether whatever a rule is about may be read, or acted on.
    pub(super) fn covers(&self, action: Action, rule: &RuleScope<'_>) -> Result<(), Denied> {
        let types = What::Types(rule.resource_type);
        match rule.environment {
            Some(environment) => self.may(action, environment, types),
            None => Rights { role: self.role, grants: self.grants }.may_everywhere(action, types),
        }
    }

    /// A rule is shown to whom it concerns: it holds where he sees everything that it may be about.
    pub(super) fn shows(&self, rule: &RuleScope<'_>) -> bool {
        let holds = |environment: &Slug| self.may(Action::Read, environment, What::Types(rule.resource_type)).is_ok();
        match rule.environment {
            Some(environment) => holds(environment),
            None => self.places.keys().any(holds) || self.covers(Action::Read, rule).is_ok(),
        }
    }

    /// Of those asked for (none: of all), those of which something is seen.
    pub(super) fn narrowed(&self, asked: &[Slug]) -> Vec<Slug> {
        let known: Vec<&Slug> = match asked {
            [] => self.places.keys().collect(),
            some => some.iter().collect(),
        };
        known.into_iter().filter(|slug| self.sees_any(slug)).cloned().collect()
    }

    /// Whether all of these are seen whole: then nothing has to be picked out of what is found there.
    pub(super) fn sees_whole(&self, environments: &[Slug]) -> bool {
        environments.iter().all(|slug| self.sight(slug) == Sight::Whole)
    }

    /// Those in which everything may be done.
    pub(super) fn actable(&self) -> impl Iterator<Item = &Slug> {
        self.places.keys().filter(|slug| self.acts_on_all(slug).is_ok())
    }
}

/// What a rule may be about.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleScope<'a> {
    environment: Option<&'a Slug>,
    /// A pattern.
    resource_type: &'a str,
}

impl<'a> RuleScope<'a> {
    fn new(environment: Option<&'a Slug>, resource_type: Option<&'a Tainted>) -> Self {
        Self { environment, resource_type: resource_type.map_or("*", Tainted::raw) }
    }
}

impl<'a> From<&'a IgnoreRule> for RuleScope<'a> {
    fn from(rule: &'a IgnoreRule) -> Self {
        Self::new(rule.environment.as_ref(), rule.resource_type.as_ref())
    }
}

impl<'a> From<&'a NeverHideRule> for RuleScope<'a> {
    fn from(rule: &'a NeverHideRule) -> Self {
        Self::new(rule.environment.as_ref(), rule.resource_type.as_ref())
    }
}
