//! Takes recorded files apart into objects, and notes what the files say about themselves.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::super::Recording;
use super::coverage::{Coverage, FileLists};
use super::status::Failure;
use super::{GroupKind, defaults};
use crate::declared::input::source_error;
use crate::declared::kubernetes::{json_objects, yaml_objects};
use crate::declared::recognise::{Content, recognise_bytes};
use crate::drift::SourceError;
use crate::safety::Tainted;

/// One recorded object, kept as the text it came in.
pub(super) struct Object {
    pub kind: GroupKind,
    /// As the cluster spells it: `apps/v1/Deployment`.
    pub resource_type: Arc<str>,
    /// Empty for cluster-scoped objects.
    pub namespace: Arc<str>,
    pub name: Box<str>,
    pub raw: Box<[u8]>,
    pub captured_at: Option<Timestamp>,
    /// Owned by a controller, or in every cluster: never reported as unmanaged.
    pub unremarkable: bool,
}

/// The parts of an object that tell which one it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    pub api_version: String,
    pub kind: String,
    #[serde(default)]
    pub metadata: Metadata,
    /// Of a Secret.
    #[serde(default, rename = "type")]
    pub secret_type: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub name: Option<String>,
    pub namespace: Option<String>,
    pub owner_references: Option<Vec<IgnoredAny>>,
    pub labels: Option<Map<String, Value>>,
}

/// `apps/v1/Deployment` and `v1/Service` as group and kind; `None` for types of other clouds.
pub(super) fn kind_of_type(resource_type: &str) -> Option<GroupKind> {
    let (api_version, kind) = resource_type.rsplit_once('/')?;
    kind.starts_with(|c: char| c.is_ascii_uppercase()).then(|| group_kind(api_version, kind))
}

pub(super) fn group_kind(api_version: &str, kind: &str) -> GroupKind {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    GroupKind { group: Arc::from(group), kind: Arc::from(kind) }
}

/// Everything read so far.
#[derive(Default)]
pub(super) struct Reading {
    objects: Vec<Object>,
    /// Kinds and namespaces are few: each text is kept once.
    texts: BTreeSet<Arc<str>>,
    pub coverage: Coverage,
    pub failures: Vec<Failure>,
    pub errors: Vec<(SourceError, Vec<Tainted>)>,
}

impl Reading {
    /// Reads one file. A mistake in it ends the file; what came before stands.
    pub fn file(&mut self, recorded: &Recording) {
        let name = recorded.path.to_string_lossy().into_owned();
        let first = self.objects.len();
        let mut lists = FileLists::default();
        let mut list_heads = Vec::new();
        let mut sink = |raw: Box<[u8]>| {
            if let Err(error) = self.object(raw, &name, recorded.modified) {
                self.errors.push((error, Vec::new()));
            }
            ControlFlow::Continue(())
        };
        let read = match recognise_bytes(recorded.text.as_bytes()) {
            Content::KubernetesYaml => {
                yaml_objects(&recorded.text, &name, &mut sink, &mut |head| list_heads.push(head.clone()))
            }
            _ => json_objects(recorded.text.as_bytes(), &name, &mut sink, &mut |head| list_heads.push(head.clone())),
        };
        for head in &list_heads {
            lists.list(head);
        }
        for object in &self.objects[first..] {
            lists.object(object);
        }
        if let Some(error) = lists.incomplete_error(&name) {
            self.errors.push((error, lists.types()));
        }
        let damaged =
            || source_error(&name, recorded.broken.clone().unwrap_or_default(), "Copy or record the file again.");
        if let Err(error) = recorded.broken.as_ref().map_or(read, |_| Err(damaged())) {
            lists.cut_off();
            self.errors.push((error, Vec::new()));
        }
        self.coverage.add(lists);
    }

    fn object(&mut self, raw: Box<[u8]>, file: &str, captured_at: Option<Timestamp>) -> Result<(), SourceError> {
        let wrong = |what: String| source_error(file, what, "Record it again with `kubectl get KIND -A -o json`.");
        let head: Head =
            serde_json::from_slice(&raw).map_err(|error| wrong(format!("an object that cannot be read: {error}")))?;
        if head.kind == "Status" && head.api_version == "v1" {
            self.failures.extend(Failure::of(&raw, file));
            return Ok(());
        }
        let Some(name) = head.metadata.name.as_deref().filter(|name| !name.is_empty()) else {
            return Err(wrong(format!("a {} without a name", head.kind)));
        };
        let kind = group_kind(&head.api_version, &head.kind);
        let object = Object {
            unremarkable: defaults::is_unremarkable(&head, name),
            kind: GroupKind { group: self.once(&kind.group), kind: self.once(&kind.kind) },
            resource_type: self.once(&format!("{}/{}", head.api_version, head.kind)),
            namespace: self.once(head.metadata.namespace.as_deref().unwrap_or_default()),
            name: name.into(),
            raw,
            captured_at,
        };
        self.objects.push(object);
        Ok(())
    }

    fn once(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.texts.get(text) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = Arc::from(text);
        self.texts.insert(Arc::clone(&kept));
        kept
    }

    /// The objects by kind, name and namespace; the last reading of each.
    pub fn sorted(&mut self) -> Vec<Object> {
        let mut objects = std::mem::take(&mut self.objects);
        objects.reverse();
        objects.sort_by(|a, b| (&a.kind, &a.name, &a.namespace).cmp(&(&b.kind, &b.name, &b.namespace)));
        objects.dedup_by(|a, b| (&a.kind, &a.name, &a.namespace) == (&b.kind, &b.name, &b.namespace));
        objects
    }
}
