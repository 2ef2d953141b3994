//! What names something else names something that is there, and what may be there once lies under its own key: what a database
//! would call foreign and unique keys, in both engines.

use std::collections::{BTreeMap, BTreeSet};

use ulid::Ulid;

use super::engine::Tree;
use super::verify::Check;
use super::{analyses, contexts, retire, scan};
use crate::drift::{Environment, NeverHideRule, RuleId, ScanSummary, Slug, Untold};
use crate::store::record::EventRecord;
use crate::store::rules::RuleRecord;
use crate::store::{AnalysisJob, StoreError, codec};

/// What there is to be named.
#[derive(Default)]
struct Known {
    /// With those that are being forgotten: what is theirs is on its way out.
    environments: BTreeSet<Slug>,
    rules: BTreeSet<RuleId>,
    /// What names an environment that is not there, how often.
    strays: BTreeMap<(&'static str, String), u64>,
}

impl Known {
    fn has(&self, slug: &Slug) -> bool {
        self.environments.contains(slug)
    }

    /// Of rows of which there are many.
    fn look_up(&mut self, what: &'static str, key: &[u8]) {
        let slug = key.split(|byte| *byte == 0).next().and_then(|slug| std::str::from_utf8(slug).ok());
        if !slug.is_some_and(|slug| Slug::new(slug).is_ok_and(|slug| self.has(&slug))) {
            let named = slug.map_or_else(|| key.escape_ascii().to_string(), str::to_owned);
            *self.strays.entry((what, named)).or_default() += 1;
        }
    }
}

impl Check<'_> {
    pub(super) fn references(&mut self) -> Result<(), StoreError> {
        let mut known = Known { environments: retire::being_forgotten(self.store)?, ..Known::default() };
        self.environments(&mut known)?;
        self.rules(&mut known)?;
        self.of_environments(&mut known)?;
        self.contexts(&known)?;
        self.analyses()?;
        for ((what, named), count) in known.strays {
            self.fault(format!("{count} {what} belong to an environment {named}, which does not exist"));
        }
        Ok(())
    }

    fn environments(&mut self, known: &mut Known) -> Result<(), StoreError> {
        self.each(Tree::Environments, |check, key, value| {
            // The key says which one it is, even if the record does not read.
            known.environments.extend(std::str::from_utf8(key).ok().and_then(|slug| Slug::new(slug).ok()));
            let found = check.decode::<Environment>(Tree::Environments, key, value);
            if let Some(slug) = found.map(|one| one.slug).filter(|slug| slug.as_str().as_bytes() != key) {
                check.fault(format!("environment {slug} lies under another one's key: its slug is not the only one"));
            }
            Ok(())
        })
    }

    fn rules(&mut self, known: &mut Known) -> Result<(), StoreError> {
        self.each(Tree::Rules, |check, key, value| {
            known.rules.extend(key.first_chunk::<16>().map(|id| RuleId(Ulid::from_bytes(*id))));
            let Some(RuleRecord { rule, .. }) = check.decode(Tree::Rules, key, value) else { return Ok(()) };
            if rule.id.0.to_bytes() != *key {
                check.fault(format!("ignore rule {} lies under another one's key", rule.id));
            }
            check.names("ignore rule", &rule.id.to_string(), rule.environment.as_ref(), known);
            Ok(())
        })?;
        self.each(Tree::NeverHide, |check, key, value| {
            let Some(rule) = check.decode::<NeverHideRule>(Tree::NeverHide, key, value) else { return Ok(()) };
            if rule.id.0.to_bytes() != *key {
                check.fault(format!("never-hide rule {} lies under another one's key", rule.id));
            }
            check.names("never-hide rule", &rule.id.to_string(), rule.environment.as_ref(), known);
            Ok(())
        })
    }

    fn names(&mut self, what: &str, id: &str, slug: Option<&Slug>, known: &Known) {
        if let Some(slug) = slug.filter(|slug| !known.has(slug)) {
            self.fault(format!("{what} {id} is about an environment {slug}, which does not exist"));
        }
    }

    fn of_environments(&mut self, known: &mut Known) -> Result<(), StoreError> {
        self.each(Tree::Events, |check, key, value| {
            known.look_up("drifts", key);
            // One that does not read was told of with the drifts.
            let Ok(record) = codec::decode::<EventRecord>(Tree::Events.name(), value, &check.store.objects) else {
                return Ok(());
            };
            for rule in record.hidden_by.iter().filter(|rule| !known.rules.contains(rule)) {
                check.fault(format!("drift {} is hidden by rule {rule}, which does not exist", record.event.id));
            }
            Ok(())
        })?;
        self.each(Tree::Scans, |check, key, value| {
            known.look_up("scans", key);
            let summary = check.decode::<ScanSummary>(Tree::Scans, key, value);
            if let Some(summary) = summary.filter(|summary| scan::summary_key(summary) != key) {
                check.fault(format!("scan {} lies under another one's key", summary.id));
            }
            Ok(())
        })?;
        self.each(Tree::Untold, |check, key, value| {
            known.look_up("hidden differences", key);
            check.decode::<Untold>(Tree::Untold, key, value);
            Ok(())
        })?;
        self.each(Tree::Observations, |_, key, _| {
            known.look_up("observed values", key);
            Ok(())
        })
    }

    /// One that is about several may outlive some of them.
    fn contexts(&mut self, known: &Known) -> Result<(), StoreError> {
        self.each(Tree::Contexts, |check, key, value| {
            let Some(one) = contexts::of_entry(check.store, key, value) else { return Ok(()) };
            if !one.environments.is_empty() && !one.environments.iter().any(|slug| known.has(slug)) {
                let slugs: Vec<&str> = one.environments.iter().map(Slug::as_str).collect();
                check.fault(format!("mark {} is about {}: no such environment exists", one.id, slugs.join(", ")));
            }
            Ok(())
        })
    }

    fn analyses(&mut self) -> Result<(), StoreError> {
        for entry in self.store.engine.tree(Tree::Meta).scan_prefix(analyses::PREFIX) {
            let (_, value) = entry?;
            let Ok(job) = serde_json::from_slice::<AnalysisJob>(&value) else {
                self.fault("an analysis does not read".into());
                continue;
            };
            if self.store.engine.get(Tree::Ids, &job.drift.0.to_bytes())?.is_none() {
                self.fault(format!("analysis {} is of drift {}, which does not exist", job.id, job.drift));
            }
        }
        Ok(())
    }
}
