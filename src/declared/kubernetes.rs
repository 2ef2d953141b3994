//! Kubernetes manifests: YAML with several documents, or JSON; `List` kinds are taken apart.

use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::input::{self, io_error, source_error};
use super::split::Splitter;
use super::{Declared, DeclaredResource, DeclaredSource, InstanceStatus, RawDeclared, SourceFacts, yaml};
use crate::drift::{PathBuilder, PropertyPath, SourceError};
use crate::safety::Tainted;

const KIND: &str = "kubernetes manifests";
/// All manifests of a cluster in one file stay below; the file is held whole, because YAML cannot be split safely.
const MAX_YAML_BYTES: u64 = 64 << 20;
/// What kubectl keeps of the last applied manifest, secrets included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

const HELP: &str = "Correct the manifest; `kubectl apply --dry-run=client -f FILE` shows the same mistake.";

/// How a manifest file is spelt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spelling {
    Json,
    Yaml,
}

/// One file of manifests.
pub(crate) struct ManifestFile {
    path: PathBuf,
    name: Arc<Tainted>,
    spelling: Spelling,
}

impl ManifestFile {
    pub(crate) fn new(path: PathBuf, spelling: Spelling) -> Self {
        let name = Arc::new(Tainted::from(path.to_string_lossy().into_owned()));
        Self { path, name, spelling }
    }

    fn text(&self) -> Result<String, SourceError> {
        let name = self.name.raw();
        let bytes =
            input::whole(&self.path, MAX_YAML_BYTES).map_err(|error| io_error(name, &error))?.ok_or_else(|| {
                let message = format!("more than {} MiB of YAML in one file", MAX_YAML_BYTES >> 20);
                source_error(name, message, "Split the file, or give JSON.")
            })?;
        String::from_utf8(bytes).map_err(|error| {
            let message = format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to());
            source_error(name, message, "Save the file as UTF-8.")
        })
    }
}

impl DeclaredSource for ManifestFile {
    fn name(&self) -> &Arc<Tainted> {
        &self.name
    }

    fn read(&self, sink: &mut dyn FnMut(RawDeclared) -> ControlFlow<()>) -> Result<SourceFacts, SourceError> {
        let name = self.name.raw();
        let mut resources = 0;
        let mut hand_out = |bytes| {
            resources += 1;
            sink(RawDeclared { bytes, source: Arc::clone(&self.name), parse })
        };
        match self.spelling {
            Spelling::Json => {
                let reader = input::open(&self.path).map_err(|error| io_error(name, &error))?;
                json_objects(reader, name, &mut hand_out, &mut |_| {})?;
            }
            Spelling::Yaml => yaml_objects(&self.text()?, name, &mut hand_out, &mut |_| {})?,
        }
        Ok(SourceFacts { kind: KIND, resources, ..SourceFacts::default() })
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }
}

/// How many objects a file declares; `None`: it cannot be read as manifests.
pub(crate) fn objects(file: &Path) -> Option<u64> {
    let is_json = file.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let spelling = if is_json { Spelling::Json } else { Spelling::Yaml };
    let read = ManifestFile::new(file.to_owned(), spelling).read(&mut |_| ControlFlow::Continue(()));
    read.ok().map(|facts| facts.resources)
}

/// Receives one object as JSON text; items of a typed list (`DeploymentList`) are completed with their kind.
pub(crate) type ObjectSink<'a> = dyn FnMut(Box<[u8]>) -> ControlFlow<()> + 'a;

/// Receives what a list says about itself: `kind`, `apiVersion` and `metadata`.
pub(crate) type ListSink<'a> = dyn FnMut(&Map<String, Value>) + 'a;

/// Streams the objects of a JSON file: the object itself, or the items of a list, nested lists taken apart, too.
///
/// Items are handed out before the list's own kind is known (kubectl writes it last), so those without a kind wait for it.
pub(crate) fn json_objects(
    reader: impl Read,
    name: &str,
    sink: &mut ObjectSink<'_>,
    list: &mut ListSink<'_>,
) -> Result<(), SourceError> {
    let again = "Write the file again; it may have been cut off.";
    let mut waiting = Vec::new();
    let around = input::stream(reader, Splitter::new("items"), &mut |bytes| {
        if has_kind(&bytes) {
            sink(bytes)
        } else {
            waiting.push(bytes);
            ControlFlow::Continue(())
        }
    })
    .map_err(|error| error.in_words(name, again))?;
    let Some(around) = around else { return Ok(()) };
    let head: Map<String, Value> =
        serde_json::from_slice(&around).map_err(|error| source_error(name, format!("broken JSON: {error}"), again))?;
    if !head.contains_key("items") || !is_list(&head) {
        let _ = sink(around.into());
        return Ok(());
    }
    list(&head);
    for bytes in waiting {
        let item = serde_json::from_slice(&bytes)
            .map_err(|error| source_error(name, format!("an item with broken JSON: {error}"), again))?;
        if expand(complete(item, &head), sink, list).is_break() {
            break;
        }
    }
    Ok(())
}

/// Whether an item says its own kind and is no list itself; only its top-level keys are looked at.
fn has_kind(bytes: &[u8]) -> bool {
    let mut splitter = Splitter::new("");
    let fed = splitter.feed(bytes, &mut |_| ControlFlow::Continue(()));
    let own = splitter.keys().any(|key| key == "kind") && splitter.keys().any(|key| key == "apiVersion");
    // What is broken goes out as it is: parsing it names the mistake.
    fed.is_err() || own && !splitter.keys().any(|key| key == "items")
}

/// Hands out the objects of a YAML file, lists taken apart.
pub(crate) fn yaml_objects(
    text: &str,
    name: &str,
    sink: &mut ObjectSink<'_>,
    list: &mut ListSink<'_>,
) -> Result<(), SourceError> {
    yaml::documents(text.trim_start_matches('\u{feff}'), &mut |value, _| expand(value, sink, list).is_continue())
        .map_err(|error| {
            let at = format!("{name}:{}", error.line);
            if text.contains("{{") {
                return source_error(
                    &at,
                    error.what,
                    "This looks like a Helm template: render it with `helm template` first.",
                );
            }
            source_error(&at, error.what, HELP)
        })
}

/// Hands out one object, or the items of a list.
fn expand(value: Value, sink: &mut ObjectSink<'_>, list: &mut ListSink<'_>) -> ControlFlow<()> {
    match value {
        Value::Object(mut head) if is_list(&head) => {
            let items = head.remove("items");
            list(&head);
            let Some(Value::Array(items)) = items else { return ControlFlow::Continue(()) };
            items.into_iter().try_for_each(|item| expand(complete(item, &head), sink, list))
        }
        other => sink(other.to_string().into_bytes().into()),
    }
}

/// `List`, `DeploymentList`: a kind that ends so and has items.
fn is_list(object: &Map<String, Value>) -> bool {
    object.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"))
        && object.get("items").is_some_and(|items| items.is_array() || items.is_null())
}

/// Items of a typed list do not repeat their kind.
fn complete(item: Value, head: &Map<String, Value>) -> Value {
    let Value::Object(mut item) = item else { return item };
    let kind = head.get("kind").and_then(Value::as_str).and_then(|kind| kind.strip_suffix("List"));
    if let Some(kind) = kind.filter(|kind| !kind.is_empty() && !item.contains_key("kind")) {
        item.insert("kind".to_owned(), Value::from(kind));
        if let Some(version) = head.get("apiVersion") {
            item.entry("apiVersion").or_insert_with(|| version.clone());
        }
    }
    Value::Object(item)
}

/// Parses one object. What only client tools read (kustomizations) gives an empty list.
fn parse(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    let wrong = |what: String| source_error(source.raw(), what, HELP);
    let values: Value =
        serde_json::from_slice(bytes).map_err(|error| wrong(format!("an object with broken JSON: {error}")))?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (text(&values["apiVersion"]), text(&values["kind"]));
    let (name, namespace) = (text(&values["metadata"]["name"]), text(&values["metadata"]["namespace"]));
    if api_version.is_empty() || kind.is_empty() {
        return Err(wrong(format!("a document without `apiVersion` and `kind`{}", named(&name))));
    }
    if api_version.starts_with("kustomize.config.k8s.io/") {
        return Ok(Vec::new());
    }
    if name.is_empty() {
        return Err(wrong(format!("a {kind} without `metadata.name`; a generated name cannot be compared")));
    }
    let sensitive = sensitive_paths(&kind, &values);
    Ok(vec![Declared::Resource(DeclaredResource {
        address: Tainted::from(address(&namespace, &kind, &name)),
        resource_type: Arc::from(format!("{api_version}/{kind}")),
        provider: Tainted::default(),
        values,
        sensitive,
        dependencies: Vec::new(),
        status: InstanceStatus::Normal,
        source: Arc::clone(source),
    })])
}

fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" (`metadata.name` is `{name}`)") }
}

/// `namespace/Kind/name`, or `Kind/name` where no namespace is said.
pub(crate) fn address(namespace: &str, kind: &str, name: &str) -> String {
    if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{namespace}/{kind}/{name}") }
}

/// What is secret in an object: all of a Secret's data, and the copy of it that kubectl keeps.
pub(crate) fn sensitive_paths(kind: &str, values: &Value) -> Vec<PropertyPath> {
    if kind != "Secret" {
        return Vec::new();
    }
    let mut paths: Vec<PropertyPath> =
        ["data", "stringData"].into_iter().filter(|key| values.get(key).is_some()).map(PropertyPath::from).collect();
    if values["metadata"]["annotations"].get(LAST_APPLIED).is_some() {
        let mut path = PathBuilder::new();
        path.push_key("metadata").push_key("annotations").push_key(LAST_APPLIED);
        paths.push(path.finish());
    }
    paths
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, text: &str) -> Result<Vec<Result<DeclaredResource, String>>, SourceError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let spelling = if name.ends_with("json") { Spelling::Json } else { Spelling::Yaml };
        let mut all = Vec::new();
        ManifestFile::new(path, spelling).read(&mut |raw| {
            match raw.parse() {
                Ok(declared) => all.extend(declared.into_iter().map(|declared| match declared {
                    Declared::Resource(resource) => Ok(resource),
                    Declared::Drift(drift) => panic!("{drift:?}"),
                })),
                Err(error) => all.push(Err(error.message.raw().to_owned())),
            }
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }

    fn addresses(name: &str, text: &str) -> Vec<String> {
        let all = read(name, text).unwrap().into_iter();
        all.map(|r| r.map_or_else(|e| e, |r| format!("{} {}", r.resource_type, r.address.raw()))).collect()
    }

    #[test]
    fn documents_and_lists_are_taken_apart() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n---\n\
            apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: web}\n\
            - apiVersion: v1\n  kind: ConfigMapList\n  items:\n  - metadata: {name: cm}\n";
        assert_eq!(
            addresses("a.yaml", text),
            ["apps/v1/Deployment shop/Deployment/web", "v1/Service Service/web", "v1/ConfigMap ConfigMap/cm"]
        );
    }

    #[test]
    fn a_json_list_gives_its_items_the_kind_that_stands_after_them() {
        let text = r#"{"apiVersion":"v1","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}],"kind":"ConfigMapList"}"#;
        assert_eq!(addresses("a.json", text), ["v1/ConfigMap ConfigMap/a", "v1/ConfigMap ConfigMap/b"]);
        let text = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}}"#;
        assert_eq!(addresses("a.json", text), ["v1/Service Service/a"]);
    }

    #[test]
    fn all_of_a_secret_is_sensitive() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations:\n    \
            kubectl.kubernetes.io/last-applied-configuration: '{}'\nstringData: {password: x}\n";
        let secret = read("a.yaml", text).unwrap().remove(0).unwrap();
        let paths: Vec<&str> = secret.sensitive.iter().map(PropertyPath::raw).collect();
        assert_eq!(
            paths,
            ["stringData", r#"metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]"#]
        );
        assert!(sensitive_paths("ConfigMap", &json!({"data": {}})).is_empty());
    }

    #[test]
    fn a_mistake_names_file_and_line_and_what_came_before_stands() {
        let error = read("a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a\nspec: 1\n").unwrap_err();
        assert!(error.source.raw().ends_with("a.yaml:4"), "{error:?}");
        let error = read("a.yaml", "apiVersion: v1\nkind: {{ .Values.kind }}\n").unwrap_err();
        assert!(error.help.raw().contains("helm template"));
        assert_eq!(
            addresses("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n---\nreplicas: 3\n"),
            [
                "a Pod without `metadata.name`; a generated name cannot be compared",
                "a document without `apiVersion` and `kind`"
            ]
        );
    }

    #[test]
    fn what_only_kustomize_reads_is_not_declared() {
        assert!(addresses("a.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n").is_empty());
    }
}
