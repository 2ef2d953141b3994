//! Recorded cluster state: what `kubectl get -o json` (or `-o yaml`) printed, one object or lists, in any number of files.
//!
//! An object that is found is compared. One that is not found is missing only where a list covers its kind and namespace
//! completely; anything less is unknown, because a recording of one namespace says nothing about the others.

mod coverage;
mod defaults;
mod objects;
mod reader;
mod status;

pub(super) use reader::KubernetesReader;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use self::coverage::Coverage;
use self::objects::{Object, Reading, kind_of_type};
use self::status::Failure;
use super::{LiveResource, LiveSource, Lookup, Recording};
use crate::compare::{Dialect, Observable};
use crate::declared::DeclaredResource;
use crate::declared::kubernetes::{address, sensitive_paths};
use crate::drift::{SourceError, UnverifiedReason};
use crate::safety::Tainted;

/// What decides which kind an object is: `apps`, `Deployment`. The version does not: it is one object in all of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct GroupKind {
    /// Empty for the core group.
    group: Arc<str>,
    kind: Arc<str>,
}

/// The recorded state of one cluster.
pub struct KubernetesRecording {
    name: Arc<Tainted>,
    paths: Vec<PathBuf>,
    /// Sorted by kind, name and namespace.
    objects: Vec<Object>,
    found: Vec<AtomicBool>,
    coverage: Coverage,
    failures: Vec<Failure>,
    errors: Vec<(SourceError, Vec<Tainted>)>,
    asked: Mutex<Asked>,
}

/// What the declared side has asked for so far: it bounds what counts as unmanaged.
#[derive(Default)]
struct Asked {
    types: BTreeSet<Arc<str>>,
    kinds: BTreeSet<GroupKind>,
    namespaces: BTreeSet<Arc<str>>,
}

impl KubernetesRecording {
    /// One source of all recordings of one cluster. Give them all at once: they complete each other. When an object stands in
    /// several, the last one counts.
    pub fn of(recordings: Vec<Recording>) -> Self {
        let mut reading = Reading::default();
        let mut paths = Vec::new();
        for recording in recordings {
            // Each text is dropped when its objects are taken out of it.
            reading.file(&recording);
            paths.push(recording.path);
        }
        Self::from_reading(reading, paths)
    }

    fn from_reading(mut reading: Reading, paths: Vec<PathBuf>) -> Self {
        let name = match paths.as_slice() {
            [] => String::new(),
            [only] => only.to_string_lossy().into_owned(),
            [first, rest @ ..] => format!("{} and {} more", first.to_string_lossy(), rest.len()),
        };
        let objects = reading.sorted();
        Self {
            name: Arc::new(Tainted::from(name)),
            paths,
            found: objects.iter().map(|_| AtomicBool::new(false)).collect(),
            objects,
            coverage: reading.coverage,
            failures: reading.failures,
            errors: reading.errors,
            asked: Mutex::default(),
        }
    }

    /// Every object as it is, without being asked for.
    fn all(&self) -> Result<Vec<LiveResource>, String> {
        let objects = self.objects.iter().enumerate();
        objects.map(|(index, object)| self.live(index, Arc::clone(&object.resource_type))).collect()
    }

    /// Positions of the objects of this kind and name, in all namespaces.
    fn named(&self, kind: &GroupKind, name: &str) -> std::ops::Range<usize> {
        let start = self.objects.partition_point(|o| (&o.kind, &*o.name) < (kind, name));
        let length = self.objects[start..].partition_point(|o| (&o.kind, &*o.name) == (kind, name));
        start..start + length
    }

    /// The recorded object that a manifest means. Without a namespace that is the only one of its name, or the one in
    /// `default`; when it could be several, a sentence says so.
    fn find(&self, kind: &GroupKind, namespace: &str, name: &str) -> Result<Option<usize>, String> {
        let mut range = self.named(kind, name);
        let of = |wanted: &str| range.clone().find(|i| &*self.objects[*i].namespace == wanted);
        if !namespace.is_empty() {
            return Ok(of(namespace));
        }
        if range.len() <= 1 {
            return Ok(range.next());
        }
        of("").or_else(|| of("default")).map(Some).ok_or_else(|| {
            let places: Vec<&str> = range.clone().map(|i| &*self.objects[i].namespace).collect();
            format!(
                "the manifest names no namespace, and the cluster has a {} {name} in {}; write the namespace into the manifest",
                kind.kind,
                places.join(", ")
            )
        })
    }

    fn live(&self, index: usize, resource_type: Arc<str>) -> Result<LiveResource, String> {
        let object = &self.objects[index];
        let values: Value = serde_json::from_slice(&object.raw).map_err(|error| format!("broken JSON: {error}"))?;
        Ok(LiveResource {
            resource_type,
            provider_id: Tainted::from(address(&object.namespace, &object.kind.kind, &object.name)),
            dialect: Dialect::Kubernetes,
            sensitive: sensitive_paths(&object.kind.kind, &values),
            values,
            observable: Observable::All,
            captured_at: object.captured_at,
        })
    }

    fn not_there(&self, kind: &GroupKind, namespace: &str, name: &str) -> Lookup {
        if self.failures.iter().any(|failure| failure.says_absent(kind, name)) {
            return Lookup::Missing;
        }
        if let Some(failure) = self.failures.iter().find(|failure| failure.concerns(kind)) {
            return Lookup::Unknown(failure.reason, failure.error.message.clone());
        }
        match self.coverage.gap(kind, namespace) {
            None => Lookup::Missing,
            Some((reason, sentence)) => Lookup::Unknown(reason, Tainted::from(sentence)),
        }
    }
}

impl LiveSource for KubernetesRecording {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    /// Every Kubernetes type: for those it does not hold, it says what to record.
    fn handles(&self, resource_type: &str) -> bool {
        kind_of_type(resource_type).is_some()
    }

    fn family_key(&self, _declared: &DeclaredResource) -> Option<String> {
        None
    }

    fn lookup(&self, declared: &DeclaredResource, _family: &[DeclaredResource]) -> Lookup {
        let Some(kind) = kind_of_type(&declared.resource_type) else {
            return Lookup::Unknown(UnverifiedReason::Unsupported, Tainted::default());
        };
        let metadata = &declared.values["metadata"];
        let namespace = metadata["namespace"].as_str().unwrap_or_default();
        let name = metadata["name"].as_str().unwrap_or_default();
        self.remember(declared, &kind, namespace);
        let index = match self.find(&kind, namespace, name) {
            Ok(Some(index)) => index,
            Ok(None) => return self.not_there(&kind, namespace, name),
            Err(sentence) => return Lookup::Unknown(UnverifiedReason::NotObservable, Tainted::from(sentence)),
        };
        self.found[index].store(true, Ordering::Relaxed);
        match self.live(index, Arc::clone(&declared.resource_type)) {
            Ok(live) => Lookup::Found(Box::new(live)),
            Err(sentence) => Lookup::Unknown(UnverifiedReason::SourceFailed, Tainted::from(sentence)),
        }
    }

    /// Of the kinds that were looked up; those a controller owns or every cluster has are left out.
    fn unmanaged(&self) -> Box<dyn Iterator<Item = LiveResource> + '_> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (kinds, namespaces) = (asked.kinds.clone(), asked.namespaces.clone());
        drop(asked);
        Box::new(self.objects.iter().enumerate().filter_map(move |(index, object)| {
            let ours = kinds.contains(&object.kind)
                && !object.unremarkable
                && (!defaults::is_system_namespace(&object.namespace) || namespaces.contains(&object.namespace))
                && !self.found[index].load(Ordering::Relaxed);
            if ours { self.live(index, Arc::clone(&object.resource_type)).ok() } else { None }
        }))
    }

    /// Types are named as the manifests spell them where one has asked, so call this after the lookups.
    fn errors(&self) -> Vec<(SourceError, Vec<Tainted>)> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = self.failures.iter().filter(|failure| !failure.is_answer());
        let failures = failures.map(|failure| (failure.error.clone(), failure.types(&asked.types)));
        self.errors.iter().cloned().chain(failures).collect()
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        self.paths.clone()
    }
}

impl KubernetesRecording {
    fn remember(&self, declared: &DeclaredResource, kind: &GroupKind, namespace: &str) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.types.contains(&declared.resource_type) {
            asked.types.insert(Arc::clone(&declared.resource_type));
            asked.kinds.insert(kind.clone());
        }
        if !asked.namespaces.contains(namespace) {
            asked.namespaces.insert(Arc::from(namespace));
        }
    }
}

#[cfg(test)]
#[path = "kubernetes/tests.rs"]
mod tests;
