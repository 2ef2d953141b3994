//! Analyses that were asked for are known to every server on a store, and none is left undone because its server has died.

use std::net::SocketAddr;
use std::sync::Arc;

use driftguard::api::Role;
use driftguard::drift::{
    ContextData, ContextId, ContextSource, ContextType, DriftId, OperationalContext, Slug, TimeWindow,
};
use driftguard::server::{self, Houses, Options, Principal, Tokens};
use driftguard::service::{DriftService, LocalService};
use driftguard::store::{AnalysisJob, AnalysisStage, OpenMode, open};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use ulid::Ulid;

use super::attacks::environment;
use super::scan::open_store;
use super::store::{all, finding, scan};

async fn serve(service: &Arc<LocalService>) -> SocketAddr {
    let acme = Slug::from_text("acme");
    let mut houses = Houses::default();
    houses.open(acme.clone(), Arc::clone(service) as Arc<dyn DriftService>);
    let erin = Principal::new(acme, "erin".into(), Role::Editor);
    let gate = Tokens::new([("erin".to_owned(), erin)]);
    let serving = server::serve(&Options::new(([127, 0, 0, 1], 0).into()), Arc::new(gate), houses).await.unwrap();
    let address = serving.address;
    tokio::spawn(serving.run(std::future::pending()));
    address
}

async fn ask(address: SocketAddr, method: Method, path: &str) -> (u16, Value) {
    let body = (method == Method::POST).then_some(r#"{"context": "a deploy"}"#);
    send(address, method, path, body).await
}

async fn send(address: SocketAddr, method: Method, path: &str, body: Option<&'static str>) -> (u16, Value) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}/api/v1{path}");
    let mut request = client.request(method.clone(), url).header("authorization", "Bearer erin");
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

async fn settled(address: SocketAddr, drift: DriftId, job: &str) -> Value {
    for _ in 0..1_000 {
        let (status, said) = ask(address, Method::GET, &format!("/drifts/{drift}/analyze/{job}")).await;
        assert_eq!(status, 200, "{said}");
        if said["status"] == "done" || said["status"] == "failed" {
            return said;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it is never done");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_is_known_to_every_server_and_what_a_dead_one_left_is_made_or_fails_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("store");
    let store = open_store(&place);
    store.put_environment(&environment()).unwrap();
    scan(store.as_ref(), vec![finding("web")]);
    let drift = all(store.as_ref())[0].id;
    let service = LocalService::start(store, vec![], Handle::current());
    let (one, other) = (serve(&service).await, serve(&service).await);
    let (status, begun) = ask(one, Method::POST, &format!("/drifts/{drift}/analyze")).await;
    assert_eq!(status, 202, "{begun}");
    let id = begun["job_id"].as_str().unwrap();
    let done = settled(other, drift, id).await;
    assert!(done["status"] == "done" && done["result"]["confidence_score"].is_number(), "{done}");
    let severity = &done["result"]["severity"];
    let axes = ["security", "performance", "cost", "compliance"].map(|axis| severity[axis].as_f64().unwrap());
    assert_eq!(severity["overall"].as_f64().unwrap(), axes.into_iter().fold(0.0, f64::max), "{done}");

    // Nothing need be said of it, and what is said may have names.
    let path = format!("/drifts/{drift}/analyze");
    // What was said holds until something else is said, a blank text at least.
    let said = r#"{"context": {"incident": "INC-7", "note": "emergency, checkout was down"}}"#;
    for (body, is_said) in [
        (None, false),
        (Some("{}"), false),
        (Some(said), true),
        (None, true),
        (Some("{}"), true),
        (Some(r#"{"context": " "}"#), false),
    ] {
        let (status, begun) = send(one, Method::POST, &path, body).await;
        assert_eq!(status, 202, "{body:?}: {begun}");
        let done = settled(one, drift, begun["job_id"].as_str().unwrap()).await;
        assert_eq!(done["result"]["cause_category"] == "emergency_fix", is_said, "{body:?}: {done}");
        let factors = done["result"]["cause_analysis"]["contributing_factors"].to_string();
        assert_eq!(factors.contains("What was said of it names an incident: "), is_said, "{factors}");
        assert!(!factors.contains("The note"), "nobody wrote it on the resource: {factors}");
    }
    let (status, refused) = send(one, Method::POST, &path, Some(r#"{"context": 7}"#)).await;
    assert_eq!((status, &refused["error"]["field"]), (400, &json!("context")), "{refused}");
    assert_eq!(refused["error"]["message"], "must be text or an object, not '7'");

    // What a server had begun when it died, a minute ago; and what has killed three of them.
    let long_ago = Timestamp::now() - SignedDuration::from_secs(60);
    let left = AnalysisJob::new(Ulid::generate(), drift, None, long_ago).at(AnalysisStage::Running, long_ago);
    let deadly = AnalysisJob { id: Ulid::generate(), tries: 3, ..left.clone() };
    for job in [&left, &deadly] {
        service.keep_analysis(job.clone()).await.unwrap();
    }
    assert_eq!(settled(other, drift, &left.id.to_string()).await["status"], "done");
    let failed = settled(one, drift, &deadly.id.to_string()).await;
    assert!(failed["error"].as_str().unwrap().contains("its server ended each time"), "{failed}");
    let (status, _) = ask(one, Method::GET, &format!("/drifts/{drift}/analyze/{}", Ulid::generate())).await;
    assert_eq!(status, 404);
    service.shutdown().await;
    // On the disk, for those who start again.
    let view = open(&place, OpenMode::ReadOnly).unwrap().store;
    assert_eq!(view.analysis(left.id).unwrap().unwrap().stage, AnalysisStage::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_near_a_drift_is_told_once_with_its_score_its_offset_and_its_link() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_store(&dir.path().join("store"));
    store.put_environment(&environment()).unwrap();
    scan(store.as_ref(), vec![]);
    scan(store.as_ref(), vec![finding("web")]);
    let drift = all(store.as_ref())[0].clone();
    let service = LocalService::start(store, vec![], Handle::current());
    let link = "https://acme.atlassian.net/browse/OPS-7";
    let ticket = OperationalContext {
        id: ContextId::of(drift.detected_at, &["OPS-7"]),
        context_type: ContextType::Ticket,
        context_data: ContextData {
            title: "open the port".into(),
            id: Some("OPS-7".into()),
            link: Some(link.into()),
            ..ContextData::default()
        },
        incident_impact: None,
        time_window: TimeWindow { from: drift.detected_at, to: None },
        environments: vec![drift.environment.clone()],
        source: ContextSource::Person,
    };
    service.put_context(ticket, "erin".into()).await.unwrap();
    service.analyse(drift.id, None).await.unwrap();
    let address = serve(&service).await;
    let (status, said) = ask(address, Method::GET, &format!("/correlations?drift={}", drift.id)).await;
    assert_eq!(status, 200, "{said}");
    let told: Vec<&Value> =
        said["data"].as_array().unwrap().iter().filter(|one| one.to_string().contains("OPS-7")).collect();
    let [one] = told[..] else { panic!("{said}") };
    let event = &one["with"]["event"];
    assert_eq!((&event["external_system"], &event["event_data"]["link"]), (&json!("jira"), &json!(link)), "{one}");
    service.shutdown().await;
}
