//! The four answers from scan to scan: what memory makes of them, what people decide must not be hidden, what never shows.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use driftguard::drift::{
    CloudProvider, DriftEvent, Environment, NeverHideRule, RuleId, Slug, State, TriageRequest, TriageVerb,
};
use driftguard::scan::EnvironmentSpec;
use driftguard::service::{DriftService, LocalService, ServiceEvent};
use driftguard::store::{self, Direction, DriftFilter, PageRequest, Store};
use serde_json::{Value, json};

use crate::support::{driftguard, json as scanned, run};

/// A cluster's manifest and recording, and a configuration that names them.
struct Cluster {
    home: tempfile::TempDir,
}

fn object(kind: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "app", "namespace": "shop"}, "data": data})
}

fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

impl Cluster {
    fn new(declared: &[Value], live: &[Value]) -> Self {
        let cluster = Self { home: tempfile::tempdir().unwrap() };
        cluster.put("manifests/all.json", &list(declared));
        cluster.live(live);
        let [state, recording] = ["manifests", "live.json"].map(|name| cluster.path(name));
        let config = format!(
            "[[environment]]\nslug = \"shop\"\ncloud_provider = \"kubernetes\"\nstate = [{state:?}]\nlive = [{recording:?}]\n"
        );
        cluster.put_text("config/driftguard/config.toml", &config);
        cluster
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn put_text(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn put(&self, name: &str, value: &Value) {
        self.put_text(name, &value.to_string());
    }

    fn live(&self, items: &[Value]) {
        self.put("live.json", &list(items));
    }

    fn scan(&self, more: &[&str]) -> (i32, Value) {
        scanned(self.home.path(), &[&["scan"], more].concat())
    }

    fn text(&self, format: &str) -> String {
        run(driftguard(self.home.path()).args(["scan", "--format", format])).1
    }

    fn store(&self) -> Arc<dyn Store> {
        crate::store::write(&self.path("data/driftguard/store")).store
    }
}

fn drifts(store: &dyn Store, states: Vec<State>) -> Vec<DriftEvent> {
    let filter = DriftFilter { states, ..DriftFilter::default() };
    store.page(&PageRequest { filter, cursor: None, direction: Direction::Older, limit: 100 }).unwrap().data
}

fn the_change(document: &Value) -> &Value {
    assert_eq!(document["drifts"].as_array().unwrap().len(), 1, "{document:#}");
    assert_eq!(document["drifts"][0]["changes"].as_array().unwrap().len(), 1, "{document:#}");
    &document["drifts"][0]["changes"][0]
}

#[test]
fn what_the_code_never_mentions_is_drift_once_it_is_otherwise_than_it_was_seen_and_says_since_when() {
    let config = |extra: &str| object("ConfigMap", &json!({"a": "x", "extra": extra}));
    let cluster = Cluster::new(&[object("ConfigMap", &json!({"a": "x"}))], &[config("one")]);
    let (code, first) = cluster.scan(&[]);
    assert_eq!((code, &first["environments"][0]["counts"]["hidden_changes"]), (0, &json!(1)), "{first:#}");
    cluster.live(&[config("two")]);
    let (code, second) = cluster.scan(&[]);
    let change = the_change(&second);
    assert_eq!((code, &change["path"], &change["change_type"]), (2, &json!("data.extra"), &json!("modified")));
    assert_eq!((&change["declared"], &change["actual"]), (&json!("one"), &json!("two")), "what was seen, what is");
    let seen: jiff::Timestamp = change["remembered_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(seen.to_string(), first["environments"][0]["started_at"].as_str().unwrap());
    assert!(
        cluster.text("text").contains("(not in the code; was \"one\" when seen in sync 2"),
        "{}",
        cluster.text("text")
    );
    assert!(cluster.text("markdown").contains("not in the code; was"), "{}", cluster.text("markdown"));
    let kept = drifts(cluster.store().as_ref(), vec![State::Open]);
    assert_eq!(kept[0].changes[0].remembered_at, Some(seen), "the screens know it too");
    let (_, again) = cluster.scan(&[]);
    assert_eq!(the_change(&again)["remembered_at"], change["remembered_at"], "drift is not its own baseline");
    cluster.live(&[config("one")]);
    assert_eq!(cluster.scan(&[]).0, 0);
    let (code, forgetful) = cluster.scan(&["--no-store"]);
    assert_eq!((code, forgetful["drifts"].as_array().unwrap().len()), (0, 0));
}

#[test]
fn a_declared_value_that_was_seen_before_and_is_gone_is_removed() {
    let cluster = Cluster::new(
        &[object("ConfigMap", &json!({"a": "x", "b": "y"}))],
        &[object("ConfigMap", &json!({"a": "x", "b": "y"}))],
    );
    assert_eq!(cluster.scan(&[]).0, 0);
    cluster.live(&[object("ConfigMap", &json!({"a": "x"}))]);
    let (code, document) = cluster.scan(&[]);
    let change = the_change(&document);
    assert_eq!((code, &change["change_type"], &change["actual"]), (2, &json!("removed"), &Value::Null));
    assert!(change["remembered_at"].is_string(), "{change:#}");
    assert!(cluster.text("text").contains("(was there when seen in sync 2"), "{}", cluster.text("text"));
    let (_, forgetful) = cluster.scan(&["--no-store"]);
    assert_eq!(the_change(&forgetful).get("remembered_at"), None);
}

#[test]
fn what_may_not_be_listed_is_unverified_and_leaves_known_drift_as_it_was() {
    let declared = [object("ConfigMap", &json!({"a": "x"})), object("Secret", &json!({"k": "djE=", "l": "djI="}))];
    let cluster = Cluster::new(
        &declared,
        &[object("ConfigMap", &json!({"a": "x"})), object("Secret", &json!({"k": "djM=", "l": "djI="}))],
    );
    assert_eq!(cluster.scan(&[]).0, 2, "the secret differs");
    let forbidden = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "secrets is forbidden: User \"ops\" cannot list resource \"secrets\"", "details": {"kind": "secrets"}});
    cluster.live(&[object("ConfigMap", &json!({"a": "x"}))]);
    let recordings = format!("live = [{:?}, {:?}]", cluster.path("live.json"), cluster.path("secrets.json"));
    cluster.put("secrets.json", &forbidden);
    let config = fs::read_to_string(cluster.path("config/driftguard/config.toml")).unwrap();
    let before = format!("live = [{:?}]", cluster.path("live.json"));
    cluster.put_text("config/driftguard/config.toml", &config.replace(&before, &recordings));
    let (code, document) = cluster.scan(&[]);
    assert_eq!((code, document["drifts"].as_array().unwrap().len()), (3, 0), "neither drift nor clean: {document:#}");
    assert_eq!(document["unverified"][0]["reason"], "denied");
    let coverage = &document["environments"][0]["counts"]["coverage"];
    assert!(coverage["denied"].as_u64().unwrap() >= 2 && coverage["verified"].as_u64().unwrap() > 0, "{coverage:#}");
    let text = cluster.text("text");
    assert!(text.contains("verified ") && text.contains(" %, unverified ") && text.contains("(denied "), "{text}");
    assert_eq!(drifts(cluster.store().as_ref(), vec![State::Open]).len(), 1, "unknown closes nothing");
}

/// The drift that the decision is made on differs in `a`; `extra` is hidden, because the code leaves it to others.
fn half_hidden() -> Cluster {
    Cluster::new(
        &[object("ConfigMap", &json!({"a": "x"}))],
        &[object("ConfigMap", &json!({"a": "other", "extra": "one"}))],
    )
}

fn never(drift: &DriftEvent, path: &str) -> TriageRequest {
    let rule = NeverHideRule {
        id: RuleId::generate(),
        rule: "k8s-unmanaged".into(),
        environment: Some(drift.environment.clone()),
        resource_type: None,
        resource_id: Some(store::literal_pattern(drift.resource.resource_id.raw()).into()),
        path: Some(path.into()),
        owner: "alice".into(),
        created_at: jiff::Timestamp::now(),
    };
    request(drift, TriageVerb::NeverHide { rule })
}

fn request(drift: &DriftEvent, verb: TriageVerb) -> TriageRequest {
    TriageRequest { drift: drift.id, verb, reason: None, actor: "alice".into(), expected_version: None, once: None }
}

fn paths(document: &Value) -> Vec<&str> {
    document["drifts"][0]["changes"].as_array().unwrap().iter().map(|c| c["path"].as_str().unwrap()).collect()
}

#[test]
fn what_somebody_says_must_never_be_hidden_is_drift_until_it_is_taken_back() {
    let cluster = half_hidden();
    let (_, before) = cluster.scan(&[]);
    assert_eq!((paths(&before), &before["drifts"][0]["hidden"][0]["rule"]), (vec!["data.a"], &json!("k8s-unmanaged")));
    let (drift, seq) = {
        let store = cluster.store();
        let drift = drifts(store.as_ref(), vec![State::Open]).remove(0);
        let elsewhere = NeverHideRule { resource_id: Some("other".into()), ..of(&never(&drift, "data.extra")) };
        let refused = store.decide(request(&drift, TriageVerb::NeverHide { rule: elsewhere }));
        assert!(refused.is_err_and(|e| e.to_string().contains("does not match")));
        let receipt = store.decide(never(&drift, "data.extra")).unwrap();
        assert_eq!(store.audit(1).unwrap()[0].action, "never_hide");
        assert_eq!(receipt.drifts[0].state, State::Open);
        (drift, receipt.seq)
    };
    let (code, shown) = cluster.scan(&[]);
    assert_eq!((code, paths(&shown)), (2, vec!["data.a", "data.extra"]), "{shown:#}");
    assert_eq!(shown["drifts"][0]["hidden"], json!([]));
    {
        // A copy of the store knows it as well.
        let other = half_hidden();
        let mut exported = Vec::new();
        cluster.store().export(&mut exported).unwrap();
        other.store().import(&mut &exported[..]).unwrap();
        assert_eq!(other.store().never_hidden().unwrap(), cluster.store().never_hidden().unwrap());
        assert!(other.store().verify().unwrap().faults.is_empty());
    }
    cluster.store().decide(request(&drift, TriageVerb::Undo { seq })).unwrap();
    assert_eq!(cluster.store().never_hidden().unwrap(), []);
    assert_eq!(paths(&cluster.scan(&[]).1), ["data.a"]);
}

fn of(request: &TriageRequest) -> NeverHideRule {
    match &request.verb {
        TriageVerb::NeverHide { rule } => rule.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_resource_in_sync_is_looked_at_anew_when_its_rule_must_not_hide() {
    let in_sync = [object("ConfigMap", &json!({"a": "x"})), object("Secret", &json!({"k": "djE="}))];
    let mut live = in_sync.clone();
    live[0]["data"]["extra"] = json!("one");
    live[1]["data"]["k"] = json!("djI=");
    let cluster = Cluster::new(&in_sync, &live);
    cluster.scan(&[]);
    let drift = drifts(cluster.store().as_ref(), vec![State::Open]).remove(0);
    let rule = NeverHideRule { resource_id: None, ..of(&never(&drift, "data.*")) };
    cluster.store().decide(request(&drift, TriageVerb::NeverHide { rule })).unwrap();
    let (_, document) = cluster.scan(&[]);
    assert_eq!(document["environments"][0]["counts"]["drifted"], 2, "{document:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_decision_starts_a_scan_that_brings_it_to_light() {
    let cluster = half_hidden();
    let store = cluster.store();
    let spec = EnvironmentSpec {
        environment: Environment {
            organization: Slug::from_text("local"),
            slug: Slug::from_text("shop"),
            name: "shop".into(),
            cloud_provider: CloudProvider::Kubernetes,
            region: "".into(),
            account_id: "".into(),
            tags: Default::default(),
            is_active: true,
            created_at: jiff::Timestamp::now(),
            updated_at: jiff::Timestamp::now(),
        },
        state: vec![cluster.path("manifests").display().to_string()],
        live: vec![cluster.path("live.json").display().to_string()],
        aws: None,
        interval: None,
        schedule: None,
        watch: false,
        protect: false,
        unmanaged: false,
        knowledge: Default::default(),
        ignore: Default::default(),
        maintenance: Default::default(),
        policies: Default::default(),
        on_call: Default::default(),
    };
    let service = LocalService::start(Arc::clone(&store), vec![spec], tokio::runtime::Handle::current());
    let mut events = service.subscribe();
    let mut next = async || loop {
        let event = tokio::time::timeout(Duration::from_secs(60), events.recv()).await.expect("a scan ends").unwrap();
        if matches!(event, ServiceEvent::Scanned(_)) {
            let open = drifts(store.as_ref(), vec![State::Open]).remove(0);
            return (open.changes.len(), open);
        }
    };
    let (changes, drift) = next().await;
    assert_eq!(changes, 1);
    let seq = service.triage(never(&drift, "data.extra")).await.unwrap().seq;
    assert_eq!(service.never_hidden().await.unwrap().len(), 1);
    assert_eq!(next().await.0, 2, "nobody asked for a scan");
    service.triage(request(&drift, TriageVerb::Undo { seq })).await.unwrap();
    assert_eq!(next().await.0, 1, "hidden again");
    service.shutdown().await;
}

/// Every way a value comes to be a secret: name of the source, what it was, what it has become.
const SECRETS: [(&str, &str, &str); 4] = [
    ("sensitive", "Zq7old-terraform-marks-this", "Zq7new-terraform-marks-this"),
    ("kind", "Wx5old-data-of-a-secret", "Wx5new-data-of-a-secret"),
    ("password", "Kp3old-by-its-name", "Kp3new-by-its-name"),
    ("token", "ghp_Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2", "ghp_Zz9Yy8Xx7Ww6Vv5Uu4Tt3Ss2Rr1Qq0Pp9Oo8"),
];

/// A file that Terraform marks as sensitive, a Kubernetes secret, a password by name and a token by shape, all changed.
fn secretive() -> Cluster {
    use base64::Engine;
    let coded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let [(_, file_old, file_new), (_, kind_old, kind_new), (_, name_old, name_new), (_, shape_old, shape_new)] =
        SECRETS;
    let map = |password: &str, token: &str| object("ConfigMap", &json!({"password": password, "remark": token}));
    let secret = |text: &str| object("Secret", &json!({"k": coded(text)}));
    let cluster =
        Cluster::new(&[map(name_old, shape_old), secret(kind_old)], &[map(name_new, shape_new), secret(kind_new)]);
    let attributes = json!({"filename": cluster.path("key"), "content": file_old, "file_permission": "0600", "directory_permission": "0777"});
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": [
        {"mode": "managed", "type": "local_file", "name": "key", "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
         "instances": [{"schema_version": 0, "attributes": attributes,
            "sensitive_attributes": [[{"type": "get_attr", "value": "content"}]]}]}]});
    cluster.put("terraform.tfstate", &state);
    cluster.put_text("key", file_new);
    fs::set_permissions(cluster.path("key"), fs::Permissions::from_mode(0o600)).unwrap();
    let config = fs::read_to_string(cluster.path("config/driftguard/config.toml")).unwrap();
    let host = format!(
        "[[environment]]\nslug = \"host\"\ncloud_provider = \"host\"\nstate = [{:?}]\n",
        cluster.path("terraform.tfstate")
    );
    cluster.put_text("config/driftguard/config.toml", &format!("{config}{host}"));
    cluster
}

#[test]
fn that_a_secret_changed_is_reported_and_what_it_was_is_nowhere() {
    let cluster = secretive();
    let (code, document) = cluster.scan(&[]);
    let mut changed: Vec<_> = crate::support::reported(&document).into_iter().map(|(_, path)| path).collect();
    changed.sort();
    assert_eq!(
        (code, changed),
        (2, ["content", "data.k", "data.password", "data.remark"].map(String::from).into()),
        "{document:#}"
    );
    let mut sinks: Vec<(String, String)> = vec![];
    for format in ["text", "json", "ndjson", "markdown"] {
        let (_, out, err) =
            run(driftguard(cluster.home.path()).env("DRIFTGUARD_LOG", "trace").args(["scan", "--format", format]));
        sinks.extend([(format.to_owned(), out), (format!("{format}, errors"), err)]);
    }
    let (_, exported, _) = run(driftguard(cluster.home.path()).args(["export", "-"]));
    assert!(exported.contains("data.password"), "{exported}");
    sinks.push(("export".into(), exported));
    for root in ["data", "state", "cache"] {
        for file in files(&cluster.path(root)) {
            let bytes = fs::read(&file).unwrap();
            sinks.push((file.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    assert!(sinks.iter().any(|(name, _)| name.contains("store/")), "the store is looked at");
    use base64::Engine;
    for (sink, text) in &sinks {
        for secret in SECRETS.iter().flat_map(|(_, old, new)| [*old, *new]) {
            let coded = base64::engine::general_purpose::STANDARD.encode(secret);
            let body = &secret[secret.len() / 3..];
            assert!(!text.contains(body) && !text.contains(&coded), "{sink} holds {secret}");
        }
    }
}

fn files(root: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root) else { return vec![] };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
