//! The document of the API and what the server really says are the same.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use regex::Regex;
use reqwest::Method;
use serde_json::{Value, json};

use super::walk::{self, Ids};
use super::{PASSWORD, Route, Said, World, filled, query, routes, schema};

/// Reading first, and last what puts out who asks.
pub(super) fn in_order() -> Vec<Route> {
    let mut routes = routes();
    routes.sort_by_key(|route| match (route.method.as_str(), route.path.as_str()) {
        ("GET", _) => 0,
        // Before the drift is settled by another.
        (_, "/drifts/{id}/remediate") => 1,
        // Before whoever approves is put out.
        ("POST", path) if path.starts_with("/remediations/") => 1,
        // Before it is put aside: then nobody follows it any more.
        (_, "/recommendations/{id}/implement") => 2,
        (_, "/recommendations/{id}/dismiss" | "/recommendations/{id}/outcome" | "/sessions/{id}") => 3,
        ("DELETE", _) => 5,
        _ => 4,
    });
    routes
}

pub(super) fn body(method: &Method, path: &str, ids: &Ids) -> Value {
    let now = Timestamp::now();
    let rule = json!({
        "id": ids.rule, "environment": "host", "resource_type": null, "resource_id": null, "path": "nothing",
        "reason": "x", "owner": "adam", "created_at": now, "expires_at": null,
    });
    match (method.as_str(), path) {
        ("POST", "/auth/login") => json!({"organization": "acme", "username": "adam", "password": PASSWORD}),
        ("POST", "/auth/refresh") => json!({"refresh_token": "none"}),
        ("POST", "/ignore-rules/preview") => rule,
        ("POST", "/ignore-rules/{id}") => json!({"verb": {"change": {"to": rule}}, "reason": "x"}),
        ("POST", "/never-hide-rules/preview") => json!({
            "id": ids.never_hide, "rule": "set-order", "environment": "host", "resource_type": null,
            "resource_id": null, "path": null, "owner": "adam", "created_at": now,
        }),
        ("POST", "/contexts") => json!({"context": {
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FA9", "context_type": "ticket", "context_data": {"title": "T"},
            "time_window": {"from": now, "to": null}, "environments": [], "source": "person",
        }}),
        ("PATCH", "/drifts/{id}") => json!({"verb": {"note": {"text": "looked at"}}}),
        ("PUT" | "PATCH", "/users/{username}") => json!({"display_name": "Adam"}),
        ("POST", "/correlations") => json!({"drift": ids.drift, "with": ids.other, "note": "the same change"}),
        ("POST", "/organizations") => json!({"slug": "acme-labs"}),
        ("POST", "/notifications/read") => json!({"until": ids.notification}),
        ("POST", "/presence") => json!({"drift": ids.drift, "screen": "01ARZ3NDEKTSV4RRFFQ69G5FA8"}),
        ("POST", "/recommendations/{id}/outcome") => json!({"followed": false, "result": "x"}),
        ("POST", "/users") => json!({"username": "newcomer", "kind": "service"}),
        ("POST", "/api-keys") => json!({"label": "mine"}),
        _ => walk::body(method, path, ids),
    }
}

/// One that may go, where something goes.
pub(super) fn id_for<'a>(method: &Method, path: &str, ids: &'a Ids) -> &'a str {
    match (method.as_str(), path) {
        ("POST", "/remediations/{id}/reject") => &ids.remediations[1],
        ("POST", "/remediations/{id}/cancel") => &ids.remediations[2],
        ("DELETE", "/organizations/{slug}") => "acme-labs",
        ("DELETE", "/users/{username}") => "newcomer",
        ("DELETE", "/correlations/{id}") => &ids.link,
        _ => ids.of(path).0,
    }
}

/// `Err`: what the document does not say.
fn checked(operation: &Value, said: &Said) -> Result<(), String> {
    let document = driftguard::server::document();
    let response = &operation["responses"][said.status.to_string()];
    if response.is_null() {
        return Err(format!("{} is not described: {}", said.status, said.body));
    }
    match response["content"]["application/json"].get("schema") {
        Some(schema) => schema::check(document, schema, &said.body),
        None => Ok(()),
    }
}

/// Has the drift analysed, so that there is advice that can be followed; gives the job.
pub(super) async fn analysed(world: &World, ids: &mut Ids) -> String {
    let (job, done) = thought_about(world, &ids.drift).await;
    let admin = Some(world.keys[2].as_str());
    let drift = world.send(admin, &Method::GET, &format!("/drifts/{}", ids.drift), None).await.body;
    let written = drift["event"]["analysis"]["severity"].as_object().unwrap();
    assert!(written.len() == 4 && written.iter().all(|(axis, score)| done["severity"][axis] == *score), "{written:?}");
    let advice = world.send(admin, &Method::GET, "/recommendations?limit=500", None).await.body;
    let advice = advice["data"].as_array().unwrap().iter().find(|one| one["drift"] == ids.drift.as_str()).unwrap();
    assert_eq!(advice["recommendation"]["recommendation_type"], "codify_iac", "{advice}");
    ids.advice = advice["id"].as_str().unwrap().to_owned();
    job
}

/// Has a drift analysed, so that it is recommended to change the code; gives the job, and what it found.
pub(super) async fn thought_about(world: &World, drift: &str) -> (String, Value) {
    let admin = Some(world.keys[2].as_str());
    let path = format!("/drifts/{drift}/analyze");
    let job = world.send(admin, &Method::POST, &path, Some(&json!({"context": "emergency, INC-4711"}))).await;
    assert_eq!((job.status, &job.body["status"]), (202, &json!("queued")), "{}", job.body);
    let job = job.body["job_id"].as_str().unwrap().to_owned();
    let done = loop {
        let said = world.send(admin, &Method::GET, &format!("{path}/{job}"), None).await;
        match said.body["status"].as_str() {
            Some("done") => break said.body["result"].clone(),
            Some("queued" | "running") => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            _ => panic!("{}", said.body),
        }
    };
    assert_eq!(done["cause_category"], "emergency_fix", "{done}");
    (job, done)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_route_answers_is_what_the_document_says() {
    let world = World::new().await;
    let mut ids = Ids::make(&world).await;
    let admin = Some(world.keys[2].as_str());
    let job = analysed(&world, &mut ids).await;
    let document = driftguard::server::document();
    let (mut wrong, mut never) = (vec![], BTreeSet::new());
    for Route { method, path } in in_order() {
        let operation = &document["paths"][format!("/api/v1{path}")][method.as_str().to_lowercase()];
        let sent = operation.get("requestBody").map(|_| body(&method, &path, &ids));
        let filled = match path.contains('{') {
            true => filled(&path.replace("{job_id}", &job), id_for(&method, &path, &ids)),
            false => path.clone(),
        };
        let query = match path.as_str() {
            "/correlations" if method == Method::GET => format!("?drift={}", ids.drift),
            other => query(&method, other).to_owned(),
        };
        let who = if path.starts_with("/remediations/") { Some(ids.person.as_str()) } else { admin };
        let said = world.send(who, &method, &format!("{filled}{query}"), sent.as_ref()).await;
        wrong.extend(checked(operation, &said).err().map(|what| format!("{method} {path}: {what}")));
        if said.status >= 400 {
            never.insert(format!("{method} {path} {}", said.status));
        }
        // And what is said to who is nobody.
        let said = world.send(None, &method, &format!("{filled}{query}"), sent.as_ref()).await;
        wrong.extend(checked(operation, &said).err().map(|what| format!("{method} {path}: {what}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let refused = [
        // Nothing is put there yet when it is asked for.
        "GET /organizations/{slug}/settings 404",
        // The record of what was seen stays.
        "DELETE /drifts/{id} 405",
        "POST /drifts 405",
        "PUT /drifts/{id} 405",
        // Files have no audit trail.
        "POST /drifts/{id}/who 400",
        "POST /auth/refresh 401",
        // Nobody has signed it.
        "POST /hooks/{name} 401",
        // Nobody is there to send it to.
        "POST /notifications/{id}/resend 409",
        // Nobody has said anything of causes, so no model was learned.
        "POST /models/activate 400",
        "POST /models/evaluate 400",
        "POST /models/rollback 400",
        "POST /models/train 400",
    ];
    assert_eq!(never, refused.map(str::to_owned).into(), "everything else was answered");
    world.end().await;
}

#[test]
fn the_document_is_whole() {
    let document = driftguard::server::document();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (at, _) in text.match_indices("\"$ref\":\"#") {
        let pointer = text[at + 9..].split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} twice");
            assert!(operation["summary"].is_string(), "{method} {path} says nothing of itself");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for part in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
                let is_described = |one: &Value| one["name"] == part && one["in"] == "path";
                assert!(parameters.iter().any(is_described), "{method} {path}: {part} is not described");
            }
        }
    }
    assert!(names.len() > 70 && schemas.len() > 100, "{} operations, {} schemas", names.len(), schemas.len());
}

/// Nothing but `routes!` adds a route, and that takes what is described alone.
#[test]
fn a_route_that_is_not_described_cannot_be_added() {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for way in [".route(", ".route_service(", ".nest_service(", "fallback_service("] {
                assert!(!source.contains(way), "{}: {way}", path.display());
            }
        }
    }
}

/// Where over the API each call of the service is: the screens have no other way to ask or change anything.
const CALLS: [(&str, &str); 50] = [
    ("environments", "get_environments"),
    ("drifts", "get_drifts"),
    ("groups", "get_drifts_groups"),
    ("drift", "get_drifts_id"),
    ("incident", "get_incident"),
    ("stats", "get_stats"),
    ("daily", "get_analytics_daily"),
    ("business", "get_analytics_business"),
    ("relations", "get_drifts_id_relations"),
    ("resources", "get_iac_resources"),
    ("who", "post_drifts_id_who"),
    ("analyse", "post_drifts_id_analyze"),
    ("answer_advice", "post_recommendations_id_outcome"),
    ("models", "get_models"),
    ("lessons", "get_models_lessons"),
    ("train_model", "post_models_train"),
    ("evaluate_model", "post_models_evaluate"),
    ("activate_model", "post_models_activate"),
    ("notifications", "get_notifications"),
    ("notification", "get_notifications_id"),
    ("read_notification", "post_notifications_id_read"),
    ("read_notifications", "post_notifications_read"),
    ("resend_notification", "post_notifications_id_resend"),
    ("request_remediation", "post_drifts_id_remediate"),
    ("decide_remediation", "post_remediations_id_approve"),
    ("remediation", "get_remediations_id"),
    ("remediations", "get_remediations"),
    ("observations", "get_drifts_id_observations"),
    ("triage", "post_drifts_id_triage"),
    ("triage_many", "post_drifts_triage"),
    ("matching", "get_drifts_matching"),
    ("people", "get_people"),
    ("ignore_rules", "get_ignore_rules"),
    ("rules", "get_ignore_rules_status"),
    ("preview_rule", "post_ignore_rules_preview"),
    ("change_rule", "post_ignore_rules_id"),
    ("never_hidden", "get_never_hide_rules"),
    ("preview_never_hide", "post_never_hide_rules_preview"),
    ("change_never_hide", "post_never_hide_rules_id"),
    ("untold", "get_environments_slug_untold"),
    ("contexts", "get_contexts"),
    ("put_context", "post_contexts"),
    ("end_context", "post_contexts_id_end"),
    ("looking", "get_presence"),
    ("look", "post_presence"),
    ("audit", "get_audit"),
    ("audit_between", "get_audit"),
    ("scans", "get_scans"),
    ("scan", "post_scans"),
    ("cancel_scan", "post_scans_cancel"),
];

#[test]
fn whatever_the_screens_ask_of_the_service_can_be_asked_over_the_api() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/service/mod.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let calls = Regex::new(r"async fn (\w+)").unwrap();
    let calls: BTreeSet<&str> = calls.captures_iter(&source).map(|found| found.get(1).unwrap().as_str()).collect();
    // What waits here for a server that is away is the client's own; what a server notes of its work is the server's.
    let own = ["settle_waiting", "keep_analysis", "analysis"];
    let calls: BTreeSet<&str> = calls.into_iter().filter(|call| !own.contains(call)).collect();
    assert_eq!(calls, CALLS.map(|(call, _)| call).into());
    let paths = driftguard::server::document()["paths"].as_object().unwrap();
    let operations: BTreeSet<&str> = paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    for (call, operation) in CALLS {
        assert!(operations.contains(operation), "{call}: there is no {operation}");
    }
}
