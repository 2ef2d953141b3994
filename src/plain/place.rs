//! What environments are to whoever decides there, in words as on the screens: production, protected.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};

use super::Plain;
use super::ignore::EVERYWHERE;
use crate::drift::{Slug, names_production};
use crate::service::EnvironmentSummary;
use crate::store::Match;

/// What is known of them.
#[derive(Default)]
pub(super) struct Places {
    production: BTreeMap<Slug, bool>,
    /// Their drift may not be settled here.
    pub protected: BTreeSet<Slug>,
}

impl Places {
    pub fn learn(&mut self, list: &[EnvironmentSummary]) {
        let known = list.iter().map(|one| (one.environment.slug.clone(), one.is_production));
        self.production = known.collect();
    }

    /// Of an environment that is not known its name says so: what is unknown is not harmless.
    pub fn is_production(&self, slug: &Slug) -> bool {
        self.production.get(slug).copied().unwrap_or_else(|| names_production(slug.as_str()))
    }

    /// `prod-eu (PRODUCTION, protected)`
    pub fn name(&self, slug: &Slug) -> String {
        let marks = [(self.is_production(slug), "PRODUCTION"), (self.protected.contains(slug), "protected")];
        let marks: Vec<&str> = marks.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
        if marks.is_empty() { slug.to_string() } else { format!("{slug} ({})", marks.join(", ")) }
    }

    /// Where a rule holds: `in prod-eu (PRODUCTION)`, `everywhere`.
    pub fn reach(&self, slug: Option<&Slug>) -> String {
        slug.map_or(EVERYWHERE.to_owned(), |slug| format!("in {}", self.name(slug)))
    }

    /// `in prod-eu (PRODUCTION) 2, stage 1`: where a decision is made and about how many, production first.
    pub fn sentence(&self, targets: &[Match]) -> String {
        let mut counts: BTreeMap<&Slug, usize> = BTreeMap::new();
        targets.iter().for_each(|target| *counts.entry(&target.environment).or_default() += 1);
        let mut places: Vec<(&Slug, usize)> = counts.into_iter().collect();
        places.sort_by_key(|(slug, _)| !self.is_production(slug));
        let is_one = places.len() == 1;
        let one = |(slug, number): (&Slug, usize)| match is_one {
            true => self.name(slug),
            false => format!("{} {number}", self.name(slug)),
        };
        format!("in {}", places.into_iter().map(one).collect::<Vec<_>>().join(", "))
    }
}

impl<R: BufRead, W: Write> Plain<R, W> {
    /// What the environments are now; without an answer what was known, and their names, have to do.
    pub(super) async fn look_around(&mut self) {
        if let Ok(list) = self.service.environments().await {
            self.places.learn(&list);
        }
    }
}
