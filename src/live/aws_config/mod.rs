//! Recorded AWS: what AWS Config delivers and the AWS CLI prints, matched to Terraform resources.
//!
//! `split` finds the items, `index` makes them searchable, `mapping` (data, in `packs/`) says what they are in Terraform,
//! `evaluate` respells them. Nothing here knows a Terraform type by name but `rules`: rules of security groups are the one
//! thing AWS and Terraform cut differently.

mod build;
mod covered;
mod evaluate;
mod index;
mod item;
mod lenient;
mod locate;
mod mapping;
mod model;
mod modelled;
mod naming;
mod pack;
mod path;
mod reader;
mod recall;
mod rules;
mod siblings;
mod split;
mod stated;
mod tags;
mod unmanaged;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::{Map, Value};

use self::evaluate::{Context, evaluate};
use self::index::Index;
use self::item::{Item, Presence};
use self::locate::Located;
use self::mapping::{Mapping, Shape, Type};
use self::recall::{Parsed, Recall};
use super::{LiveResource, LiveSource, Lookup, Recording};
use crate::compare::{self, Dialect, Observable};
use crate::declared::DeclaredResource;
use crate::drift::{SourceError, UnverifiedReason};
use crate::safety::Tainted;

pub use self::covered::{Covered, covered};
pub use self::index::{Listed, ListedType, ListingFault};
pub use self::reader::AwsReader;

/// All AWS recordings of one environment.
pub struct AwsConfig {
    name: Arc<Tainted>,
    index: Index,
    mapping: &'static Mapping,
    /// By item: a lookup has asked for it, so it is managed.
    managed: Vec<AtomicBool>,
    recall: Recall,
    /// The recordings are files that may change.
    on_disk: bool,
}

impl AwsConfig {
    /// Reads the recordings; faults are kept and told by [`LiveSource::errors`].
    pub fn new(recordings: Vec<Recording>) -> Self {
        let name = match recordings.as_slice() {
            [one] => format!("AWS recording {}", one.path.display()),
            many => format!("{} AWS recordings", many.len()),
        };
        Self::of(name, Index::build(recordings), true)
    }

    /// What AWS itself answered, as recordings that never were on disk.
    pub fn live(name: String, recordings: Vec<Recording>, listed: Listed) -> Self {
        let mut index = Index::build(recordings);
        index.learn(listed);
        Self::of(name, index, false)
    }

    fn of(name: String, index: Index, on_disk: bool) -> Self {
        let managed = (0..index.len()).map(|_| AtomicBool::new(false)).collect();
        let recall = Recall::default();
        Self { name: Arc::new(name.into()), index, mapping: Mapping::built_in(), managed, recall, on_disk }
    }

    /// Attributes of a Terraform type that AWS Config does not record.
    pub fn not_observable(&self, resource_type: &str) -> &[String] {
        self.mapping.of(resource_type).map_or(&[], |t| &t.not_observable)
    }

    fn found(&self, spec: &'static Type, n: usize, declared: &DeclaredResource, family: &[DeclaredResource]) -> Lookup {
        let parsed = match self.recall.item(&self.index, n, spec) {
            Ok(parsed) if parsed.item.configuration.is_object() => parsed,
            Ok(_) => return failed("the recorded configuration is no JSON object"),
            Err(e) => return failed(&format!("the recorded item does not parse: {e}")),
        };
        mapped(spec, &parsed, declared, family)
    }

    /// Terraform types, by raw name, that are read from these Config types.
    fn terraform_types(&self, config_types: &[String]) -> Vec<Tainted> {
        let names = config_types.iter().flat_map(|config| match self.mapping.terraform_types(config) {
            known if known.is_empty() => vec![config.as_str()],
            known => known,
        });
        names.collect::<BTreeSet<_>>().into_iter().map(Tainted::from).collect()
    }
}

impl LiveSource for AwsConfig {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn handles(&self, resource_type: &str) -> bool {
        // What AWS Config does not record is left to whoever can ask for it, unless it stands here all the same.
        let stands_here = |spec: &Type| spec.shape != Shape::CloudControl || self.index.holds(&spec.config);
        self.mapping.of(resource_type).is_some_and(stands_here)
    }

    fn family_key(&self, declared: &DeclaredResource) -> Option<String> {
        let spec = self.mapping.of(&declared.resource_type)?;
        let id = declared.values.get(spec.family.as_ref()?)?.as_str().filter(|id| !id.is_empty())?;
        Some(format!("{}/{id}", spec.config))
    }

    fn lookup(&self, declared: &DeclaredResource, family: &[DeclaredResource]) -> Lookup {
        let Some(spec) = self.mapping.of(&declared.resource_type) else {
            return Lookup::Unknown(UnverifiedReason::Unsupported, Tainted::default());
        };
        match locate::locate(&self.index, spec, declared, family) {
            Located::One(n) => {
                if !spec.part {
                    self.managed[n].store(true, Ordering::Relaxed);
                }
                match self.index.presence(n) {
                    Presence::There => self.found(spec, n, declared, family),
                    Presence::Deleted => Lookup::Missing,
                    Presence::NotRecorded => unobservable("AWS Config is set up not to record this resource"),
                }
            }
            Located::Several(all) => {
                all.iter().for_each(|n| self.managed[*n].store(true, Ordering::Relaxed));
                unobservable(&format!(
                    "{} recorded resources have this name, in different accounts or regions",
                    all.len()
                ))
            }
            Located::Missing => Lookup::Missing,
            Located::Unknown(reason, detail) => Lookup::Unknown(reason, detail),
        }
    }

    fn listed_at(&self, declared: &DeclaredResource, family: &[DeclaredResource]) -> Option<Timestamp> {
        let spec = self.mapping.of(&declared.resource_type)?;
        match locate::locate(&self.index, spec, declared, family) {
            // A part that does not stand in the item it belongs to; a snapshot repeats an item that has not changed.
            Located::One(n) if self.index.presence(n) == Presence::There => {
                self.index.captured_at(n).max(self.index.covered_at(&spec.config))
            }
            Located::Missing => self.index.covered_at(&spec.config),
            _ => None,
        }
    }

    fn unmanaged(&self) -> Box<dyn Iterator<Item = LiveResource> + '_> {
        Box::new((0..self.index.len()).filter_map(|n| self.unmanaged_at(n)))
    }

    fn errors(&self) -> Vec<(SourceError, Vec<Tainted>)> {
        let faults = self.index.faults.iter().map(|fault| (fault.into(), self.terraform_types(&fault.types)));
        let mut refused: BTreeMap<&str, u64> = BTreeMap::new();
        self.index.unprocessed().for_each(|(config_type, _)| *refused.entry(config_type).or_default() += 1);
        let refused = refused.into_iter().map(|(config_type, count)| {
            let message =
                format!("AWS gave no answer for {count} resources of type {config_type} (unprocessedResourceKeys)");
            let help = "record them again".into();
            let error = SourceError { source: (*self.name).clone(), message: message.into(), help };
            (error, self.terraform_types(&[config_type.to_owned()]))
        });
        faults.chain(refused).collect()
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        if self.on_disk { self.index.files().iter().map(|f| f.path.clone()).collect() } else { vec![] }
    }

    fn context(&self) -> compare::Context {
        naming::names(&self.index)
    }

    fn unsupported(&self) -> Vec<(Tainted, u64)> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for n in (0..self.index.len()).filter(|n| self.index.presence(*n) == Presence::There) {
            let config_type = self.index.config_type(n);
            if self.mapping.of_config(config_type).is_none() {
                *counts.entry(config_type).or_default() += 1;
            }
        }
        counts.into_iter().map(|(name, count)| (name.into(), count)).collect()
    }
}

impl From<&ListingFault> for SourceError {
    fn from(fault: &ListingFault) -> Self {
        super::reader::source_error(&fault.source, &fault.message, &fault.help)
    }
}

/// The AWS Config type a Terraform type is read from, and whether AWS Config records it at all.
pub fn config_type(terraform: &str) -> Option<(&'static str, bool)> {
    let spec = Mapping::built_in().of(terraform)?;
    Some((spec.config.as_str(), spec.shape != Shape::CloudControl))
}

/// Every AWS Config type something is read from.
pub fn config_types() -> impl Iterator<Item = &'static str> {
    Mapping::built_in().config_types()
}

/// What an item says about a declared resource.
fn mapped(spec: &Type, parsed: &Parsed, declared: &DeclaredResource, family: &[DeclaredResource]) -> Lookup {
    let item = &parsed.item;
    if spec.is_gone(item, Some(&declared.values)) {
        return Lookup::Missing;
    }
    let (values, observable) = if spec.rule {
        match rules::for_sibling(declared, parsed) {
            Some(values) => (values, rules::SIBLING_PATHS.map(str::to_owned).to_vec()),
            None => return Lookup::Missing,
        }
    } else {
        let mapped = evaluate(spec, item, Context { declared: Some(&declared.values), family });
        (Value::Object(mapped.values), mapped.observable)
    };
    Lookup::Found(Box::new(live(declared.resource_type.clone(), item, values, observable)))
}

/// An item in Terraform's clothes.
fn live(resource_type: Arc<str>, item: &Item, values: Value, observable: Vec<String>) -> LiveResource {
    LiveResource {
        resource_type,
        provider_id: provider_id(item),
        dialect: Dialect::Terraform,
        values,
        observable: Observable::Paths(observable.into()),
        captured_at: item.head.captured_at,
        sensitive: vec![],
    }
}

/// An item no declared resource stands beside; of a type without a mapping, its configuration as it was recorded.
fn standalone(mapping: &Mapping, item: Item) -> LiveResource {
    match mapping.of_config(&item.head.config_type) {
        Some(spec) => {
            let mapped = evaluate(spec, &item, Context { declared: None, family: &[] });
            live(spec.terraform.as_str().into(), &item, Value::Object(mapped.values), mapped.observable)
        }
        None => {
            let resource_type = item.head.config_type.as_str().into();
            let mut bare = live(resource_type, &item, Value::Object(Map::new()), vec![]);
            bare.dialect = Dialect::AwsConfig;
            bare.observable = Observable::All;
            bare.values = item.configuration;
            bare
        }
    }
}

/// The ARN, else the id.
fn provider_id(item: &Item) -> Tainted {
    if item.head.arn.is_empty() { item.head.id.as_str().into() } else { item.head.arn.as_str().into() }
}

fn failed(detail: &str) -> Lookup {
    Lookup::Unknown(UnverifiedReason::SourceFailed, detail.into())
}

fn unobservable(detail: &str) -> Lookup {
    Lookup::Unknown(UnverifiedReason::NotObservable, detail.into())
}

#[cfg(test)]
mod tests;
