use serde_json::json;

use super::reader::KubernetesReader;
use super::*;
use crate::declared::InstanceStatus;
use crate::live::Reader;

fn recording(files: &[Value]) -> KubernetesRecording {
    KubernetesRecording::of(files.iter().map(|file| text(file.to_string())).collect())
}

fn text(text: String) -> Recording {
    Recording { path: PathBuf::from("r.json"), text, modified: None, broken: None }
}

fn object(resource_type: &str, namespace: &str, name: &str) -> Value {
    let (api_version, kind) = resource_type.rsplit_once('/').unwrap();
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = Value::from(namespace);
    }
    object
}

fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items})
}

fn ask(recording: &dyn LiveSource, resource_type: &str, namespace: &str, name: &str) -> Lookup {
    let declared = DeclaredResource {
        address: Tainted::from("x"),
        resource_type: Arc::from(resource_type),
        provider: Tainted::default(),
        values: object(resource_type, namespace, name),
        sensitive: Vec::new(),
        dependencies: Vec::new(),
        status: InstanceStatus::Normal,
        source: Arc::new(Tainted::from("m.yaml")),
    };
    recording.lookup(&declared, &[])
}

/// The id of what was found, `missing`, or the reason and the sentence.
fn answer(lookup: Lookup) -> String {
    match lookup {
        Lookup::Found(live) => live.provider_id.raw().to_owned(),
        Lookup::Missing => "missing".to_owned(),
        Lookup::Unknown(reason, sentence) => format!("{reason:?}: {}", sentence.raw()),
    }
}

const DEPLOYMENT: &str = "apps/v1/Deployment";

#[test]
fn the_group_decides_and_not_the_version() {
    let recording =
        recording(&[list(&[object(DEPLOYMENT, "shop", "web"), object("example.com/v1/Deployment", "shop", "x")])]);
    assert_eq!(answer(ask(&recording, "apps/v1beta1/Deployment", "shop", "web")), "shop/Deployment/web");
    assert_eq!(answer(ask(&recording, DEPLOYMENT, "shop", "x")), "missing");
}

#[test]
fn a_manifest_without_a_namespace_means_the_only_one_or_the_default_one() {
    let many = [
        object(DEPLOYMENT, "a", "web"),
        object(DEPLOYMENT, "default", "web"),
        object(DEPLOYMENT, "a", "api"),
        object(DEPLOYMENT, "a", "two"),
        object(DEPLOYMENT, "b", "two"),
        object("v1/Namespace", "", "a"),
    ];
    let recording = recording(&[list(&many)]);
    assert_eq!(answer(ask(&recording, DEPLOYMENT, "", "web")), "default/Deployment/web");
    assert_eq!(answer(ask(&recording, DEPLOYMENT, "", "api")), "a/Deployment/api");
    assert_eq!(answer(ask(&recording, "v1/Namespace", "", "a")), "Namespace/a");
    let several = answer(ask(&recording, DEPLOYMENT, "", "two"));
    assert!(several.starts_with("NotObservable: ") && several.contains("in a, b;"), "{several}");
}

#[test]
fn an_object_is_missing_only_where_a_list_covers_its_kind_and_namespace() {
    let one_namespace = recording(&[list(&[object(DEPLOYMENT, "shop", "web"), object("v1/Service", "shop", "web")])]);
    assert_eq!(answer(ask(&one_namespace, "v1/Service", "shop", "gone")), "missing");
    assert!(answer(ask(&one_namespace, DEPLOYMENT, "other", "web")).contains("lists Deployment of shop only"));
    assert_eq!(
        answer(ask(&one_namespace, "v1/Secret", "shop", "s")),
        "NotObservable: the recording holds no Secret; record them with `kubectl get secrets -A -o json`"
    );
    let everywhere = recording(&[list(&[object(DEPLOYMENT, "a", "x"), object(DEPLOYMENT, "b", "y")])]);
    assert_eq!(answer(ask(&everywhere, DEPLOYMENT, "c", "z")), "missing");
    let cluster_scoped = recording(&[list(&[object("v1/Namespace", "", "a"), object(DEPLOYMENT, "a", "x")])]);
    assert_eq!(answer(ask(&cluster_scoped, "v1/Namespace", "", "b")), "missing");
    let single = recording(&[object(DEPLOYMENT, "shop", "web")]);
    assert!(answer(ask(&single, DEPLOYMENT, "shop", "gone")).contains("single objects"));
    let typed = recording(&[json!({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": []})]);
    assert_eq!(answer(ask(&typed, DEPLOYMENT, "shop", "web")), "missing");
}

#[test]
fn the_first_page_of_a_list_proves_nothing_absent() {
    let mut page = list(&[object("v1/ConfigMap", "a", "x"), object("v1/ConfigMap", "b", "y")]);
    page["metadata"]["continue"] = Value::from("token");
    let page = recording(&[page]);
    assert_eq!(answer(ask(&page, "v1/ConfigMap", "a", "x")), "a/ConfigMap/x");
    assert!(answer(ask(&page, "v1/ConfigMap", "a", "z")).starts_with("SourceFailed: "));
    assert_eq!(page.errors()[0].1, [Tainted::from("v1/ConfigMap")]);
}

#[test]
fn a_refused_request_is_neither_drift_nor_clean() {
    let refused = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "secrets is forbidden", "details": {"kind": "secrets"}});
    let recording = recording(&[refused, list(&[object(DEPLOYMENT, "a", "x"), object(DEPLOYMENT, "b", "y")])]);
    assert!(answer(ask(&recording, "v1/Secret", "a", "s")).starts_with("Denied: "));
    assert_eq!(answer(ask(&recording, DEPLOYMENT, "a", "z")), "missing");
    assert_eq!(recording.errors()[0].1, [Tainted::from("v1/Secret")]);
}

#[test]
fn a_recorded_404_says_that_one_object_is_gone() {
    let gone = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
        "message": "not found", "details": {"name": "nope", "group": "apps", "kind": "deployments"}});
    let recording = recording(&[gone]);
    assert_eq!(answer(ask(&recording, DEPLOYMENT, "shop", "nope")), "missing");
    assert!(answer(ask(&recording, DEPLOYMENT, "shop", "web")).starts_with("NotObservable: "));
    assert!(recording.errors().is_empty());
}

#[test]
fn unmanaged_objects_are_of_kinds_the_manifests_use_and_nobody_elses() {
    let mut owned = object("v1/Pod", "shop", "web-1");
    owned["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet"}]);
    let mut token = object("v1/Secret", "shop", "token");
    token["type"] = Value::from("kubernetes.io/service-account-token");
    let recording = recording(&[list(&[
        object("v1/Secret", "shop", "mine"),
        object("v1/Secret", "shop", "strange"),
        object("v1/Secret", "kube-system", "bootstrap"),
        object("v1/Secret", "shop", "sh.helm.release.v1.web.v1"),
        token,
        object("v1/ConfigMap", "shop", "never-asked-for"),
        object("v1/Service", "default", "kubernetes"),
        object("v1/Pod", "shop", "by-hand"),
        owned,
    ])]);
    assert_eq!(recording.unmanaged().count(), 0);
    for (resource_type, name) in [("v1/Secret", "mine"), ("v1/Service", "web"), ("v1/Pod", "x")] {
        ask(&recording, resource_type, "shop", name);
    }
    let unmanaged: Vec<String> = recording.unmanaged().map(|live| live.provider_id.raw().to_owned()).collect();
    assert_eq!(unmanaged, ["shop/Pod/by-hand", "shop/Secret/strange"]);
}

#[test]
fn the_last_recording_of_an_object_counts() {
    let mut newer = object(DEPLOYMENT, "shop", "web");
    newer["spec"] = json!({"replicas": 7});
    let recording = recording(&[object(DEPLOYMENT, "shop", "web"), newer]);
    let Lookup::Found(live) = ask(&recording, DEPLOYMENT, "shop", "web") else { panic!() };
    assert_eq!(live.values["spec"]["replicas"], 7);
}

#[test]
fn yaml_gzip_and_directories_become_one_source() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("a.yaml"),
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n",
    )
    .unwrap();
    std::fs::write(dir.path().join("package.json"), "{\"name\": 1}").unwrap();
    let file = std::fs::File::create(dir.path().join("b.json.gz")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, list(&[object(DEPLOYMENT, "shop", "web")]).to_string().as_bytes()).unwrap();
    gzip.finish().unwrap();
    let (sources, errors) = crate::live::open(&[dir.path().to_string_lossy().into_owned()]);
    let [source] = sources.as_slice() else { panic!("one cluster, one source") };
    assert_eq!(answer(ask(source.as_ref(), "v1/Service", "shop", "web")), "shop/Service/web");
    assert_eq!(answer(ask(source.as_ref(), DEPLOYMENT, "shop", "web")), "shop/Deployment/web");
    assert_eq!((source.watch_paths().len(), errors.len()), (2, 1));
}

#[test]
fn the_objects_of_one_file_can_be_had_without_asking() {
    let recorded = text(list(&[object(DEPLOYMENT, "shop", "web"), object("v1/Service", "shop", "web")]).to_string());
    assert!(KubernetesReader.recognises(&recorded));
    let all = KubernetesReader.documents(recorded).unwrap();
    let ids: Vec<&str> = all.iter().map(|live| live.provider_id.raw()).collect();
    assert_eq!(ids, ["shop/Service/web", "shop/Deployment/web"]);
}

#[test]
fn a_cut_off_recording_keeps_what_it_had_and_says_so() {
    let text = list(&[object(DEPLOYMENT, "a", "x"), object(DEPLOYMENT, "b", "y")]).to_string();
    let cut = text.rfind("\"kind\":\"Deployment\"").unwrap();
    let recording = KubernetesRecording::of(vec![super::tests::text(text[..cut].to_owned())]);
    assert_eq!(answer(ask(&recording, DEPLOYMENT, "a", "x")), "a/Deployment/x");
    assert!(answer(ask(&recording, DEPLOYMENT, "b", "y")).starts_with("SourceFailed: "));
    assert!(recording.errors()[0].0.message.raw().contains("cut off at byte"));
}

#[test]
fn plurals_are_those_of_the_api() {
    for (kind, expected) in [
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Gateway", "gateways"),
        ("Endpoints", "endpoints"),
        ("StorageClass", "storageclasses"),
        ("Secret", "secrets"),
    ] {
        assert_eq!(status::plural(kind), expected);
    }
}
