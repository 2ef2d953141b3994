//! The REST API as any client sees it: what it says when something is wrong, who gets in, and the feed.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use super::conformance::{self, Bench, open_drifts};
use super::remote::{Connected, FOREIGN, TOKEN, VIEWER};

/// An answer, read.
struct Said {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Said {
    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
    fn field(&self) -> &str {
        self.body["error"]["field"].as_str().unwrap_or_default()
    }
}

async fn send(bench: &Connected, token: Option<&str>, method: Method, path: &str, body: Option<&str>) -> Said {
    let mut request = client().request(method, format!("http://{}{path}", bench.address));
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    if let Some(body) = body {
        request = request.header(CONTENT_TYPE, "application/json").body(body.to_owned());
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    Said { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

async fn get(bench: &Connected, path: &str) -> Said {
    send(bench, Some(TOKEN), Method::GET, path, None).await
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap()
}

async fn with_drift() -> (tempfile::TempDir, Connected) {
    let dir = tempfile::tempdir().unwrap();
    let bench = Connected::new(dir.path()).await;
    conformance::settle(&bench).await;
    (0..3).for_each(|n| bench.disturb(n, true));
    conformance::scan(&bench).await;
    (dir, bench)
}

#[tokio::test(flavor = "multi_thread")]
async fn drifts_are_listed_with_data_and_pagination() {
    let (_dir, bench) = with_drift().await;
    let first = get(&bench, "/api/v1/drifts?status=open&limit=2").await;
    assert_eq!((first.status, first.body["data"].as_array().unwrap().len()), (200, 2));
    assert_eq!(first.body["pagination"]["limit"], 2);
    let next = first.body["pagination"]["next"].as_str().expect("there is more").to_owned();
    let rest = get(&bench, &format!("/api/v1/drifts?status=open&limit=2&cursor={next}")).await;
    assert_eq!(rest.body["data"].as_array().unwrap().len(), 1);
    assert!(rest.body["pagination"]["next"].is_null());
    assert!(first.headers.contains_key("x-request-id") && first.headers["x-driftguard-api"] == "1.0");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resolving_a_drift_says_so_and_sets_resolved_at() {
    let (_dir, bench) = with_drift().await;
    let id = open_drifts(bench.service().as_ref()).await[0].id;
    let body = json!({"resolution_type": "codify_iac", "reason": "merged"}).to_string();
    let path = format!("/api/v1/drifts/{id}/resolve");
    let said = send(&bench, Some(TOKEN), Method::PUT, &path, Some(&body)).await;
    assert_eq!((said.status, &said.body["status"]), (200, &json!("resolved")), "{}", said.body);
    let drift = get(&bench, &format!("/api/v1/drifts/{id}")).await.body;
    assert!(drift["event"]["resolved_at"].is_string(), "{drift}");
    let audit = get(&bench, "/api/v1/audit?limit=1").await.body;
    assert_eq!((&audit["data"][0]["action"], &audit["data"][0]["actor"]), (&json!("resolve_drift"), &json!("erin")));
    let wrong = send(&bench, Some(TOKEN), Method::PUT, &path, Some(r#"{"resolution_type": "magic"}"#)).await;
    assert_eq!((wrong.status, wrong.code(), wrong.field()), (400, "invalid", "resolution_type"));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_by_its_place_and_is_never_a_fault_of_the_server() {
    let (_dir, bench) = with_drift().await;
    let id = open_drifts(bench.service().as_ref()).await[0].id;
    for (path, status, field) in [
        ("/api/v1/drifts?staus=open", 400, "staus"),
        ("/api/v1/drifts?status=ajar", 400, "status"),
        ("/api/v1/drifts?limit=many", 400, "limit"),
        ("/api/v1/drifts?query=env:%22", 400, "query"),
        ("/api/v1/drifts?from=yesterday", 400, "from"),
        ("/api/v1/drifts/groups", 400, "by"),
        ("/api/v1/incident?from=2026-11-21T00:00:00Z", 400, "until"),
        ("/api/v1/drifts/no-id", 404, ""),
        ("/api/v1/drifts/01ARZ3NDEKTSV4RRFFQ69G5FAV", 404, ""),
        ("/api/v1/environments/..%2F..%2Fetc/untold", 404, ""),
        ("/api/v2/drifts", 404, ""),
        ("/nothing", 404, ""),
    ] {
        let said = get(&bench, path).await;
        assert_eq!((said.status, said.field()), (status, field), "{path}: {}", said.body);
        assert!(!said.body["error"]["message"].as_str().unwrap().is_empty(), "{path}");
    }
    let triage = format!("/api/v1/drifts/{id}/triage");
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let large = format!(r#"{{"verb": "acknowledge", "reason": "{}"}}"#, "a".repeat(2 << 20));
    for (body, status, field) in [
        (r#"{"verb": "explode"}"#, 400, "verb"),
        (r#"{"verb": {"snooze": {"until": "soon"}}}"#, 400, "verb.snooze.until"),
        (r#"{"verb": "acknowledge", "actor": "root"}"#, 400, "actor"),
        ("{", 400, "body"),
        ("", 400, "body"),
        (deep.as_str(), 400, "body"),
        (large.as_str(), 413, ""),
    ] {
        let said = send(&bench, Some(TOKEN), Method::POST, &triage, Some(body)).await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!((said.status, said.field()), (status, field), "{shown}: {}", said.body);
    }
    let said = send(&bench, Some(TOKEN), Method::DELETE, "/api/v1/drifts", None).await;
    assert_eq!((said.status, said.code()), (405, "not_allowed"));
    bench.end().await;
}

/// Every path there is, with an id of a drift of ours.
fn paths(id: &str) -> Vec<(Method, String)> {
    let get = [
        "environments",
        "drifts",
        "drifts/groups?by=actor",
        "drifts/matching",
        "stats",
        "people",
        "ignore-rules",
        "ignore-rules/status",
        "never-hide-rules",
        "audit",
        "session",
        "feed",
    ];
    let of_drift = ["", "/changes", "/relations", "/observations"].map(|rest| format!("drifts/{id}{rest}"));
    let spans =
        ["incident", "contexts"].map(|what| format!("{what}?from=2026-11-20T00:00:00Z&until=2030-01-01T00:00:00Z"));
    let get = get.map(str::to_owned).into_iter().chain(of_drift).chain(spans).map(|path| (Method::GET, path));
    let post =
        ["drifts/triage", "scans", "scans/cancel", "ignore-rules/preview", "never-hide-rules/preview", "contexts"];
    let of_drift = ["who", "triage"].map(|rest| format!("drifts/{id}/{rest}"));
    let post = post.map(str::to_owned).into_iter().chain(of_drift).map(|path| (Method::POST, path));
    get.chain(post)
        .chain([(Method::PUT, format!("drifts/{id}/resolve"))])
        .map(|(method, path)| (method, format!("/api/v1/{path}")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_token_and_a_viewer_writes_nothing() {
    let (_dir, bench) = with_drift().await;
    let id = open_drifts(bench.service().as_ref()).await[0].id.to_string();
    for (method, path) in paths(&id) {
        for token in [None, Some("guessed")] {
            let said = send(&bench, token, method.clone(), &path, None).await;
            assert_eq!((said.status, said.code()), (401, "unauthenticated"), "{method} {path}");
            assert_eq!(said.headers["www-authenticate"], "Bearer");
        }
        if method != Method::GET {
            let said = send(&bench, Some(VIEWER), method.clone(), &path, Some("{}")).await;
            assert_eq!((said.status, said.code()), (403, "forbidden"), "{method} {path}");
        }
    }
    for path in ["/health/", "/health/ready"] {
        assert_eq!(send(&bench, None, Method::GET, path, None).await.status, 200, "{path}");
    }
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_organisation_is_not_there() {
    let (_dir, bench) = with_drift().await;
    let id = open_drifts(bench.service().as_ref()).await[0].id.to_string();
    for (method, path) in paths(&id).into_iter().filter(|(_, path)| !path.ends_with("/feed")) {
        let body = match path.rsplit('/').next() {
            Some("triage") if path.contains(&id) => r#"{"verb": "acknowledge"}"#,
            Some("resolve") => r#"{"resolution_type": "accepted", "reason": "mine"}"#,
            Some("who") => "null",
            _ => continue_or_list(&bench, &method, &path).await,
        };
        if path.contains(&id) {
            let body = (method != Method::GET).then_some(body);
            let said = send(&bench, Some(FOREIGN), method.clone(), &path, body).await;
            assert_eq!((said.status, said.code()), (404, "not_found"), "{method} {path}: {}", said.body);
        }
    }
    let drift = get(&bench, &format!("/api/v1/drifts/{id}")).await;
    assert_eq!(drift.body["event"]["state"], "open", "and nothing was done to it");
    bench.end().await;
}

/// Lists hold nothing of ours.
async fn continue_or_list(bench: &Connected, method: &Method, path: &str) -> &'static str {
    if *method == Method::GET && !path.contains("/session") {
        let said = send(bench, Some(FOREIGN), Method::GET, path, None).await;
        let text = said.body.to_string();
        assert!(said.status == 200 || said.status == 404, "{path}: {text}");
        assert!(!text.contains("local_file"), "{path}: {text}");
    }
    "null"
}

/// Reads the feed until `enough` events have come; gives their ids and names.
async fn follow(response: Response, enough: usize) -> Vec<(String, String)> {
    let (mut response, mut text) = (response, String::new());
    let complete = |text: &str| -> Vec<(String, String)> {
        let blocks = text.split("\n\n").filter(|block| block.contains("data:"));
        let field = |block: &str, name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        blocks.map(|block| (field(block, "id:"), field(block, "event:"))).collect()
    };
    let reading = async {
        while complete(&text).len() < enough {
            text.push_str(str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("the feed tells");
    complete(&text)
}

async fn feed(bench: &Connected, seen: Option<&str>) -> Response {
    let mut request = client().get(format!("http://{}/api/v1/feed", bench.address));
    request = request.header(AUTHORIZATION, format!("Bearer {TOKEN}"));
    if let Some(seen) = seen {
        request = request.header("last-event-id", seen);
    }
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_away_goes_on_where_it_stopped() {
    let (_dir, bench) = with_drift().await;
    let listening = feed(&bench, None).await;
    bench.disturb(5, true);
    conformance::scan(&bench).await;
    let heard = follow(listening, 3).await;
    assert_eq!(heard[0].1, "hello");
    let (seen, last) = (&heard[1].0, &heard[2].0);
    let again = follow(feed(&bench, Some(seen)).await, 1).await;
    assert_eq!((&again[0].0, again[0].1.as_str()), (last, "event"), "the one after it, and no other");
    for unknown in ["gone-17", "", "01ARZ3NDEKTSV4RRFFQ69G5FAV-1"] {
        let reset = follow(feed(&bench, Some(unknown)).await, 1).await;
        assert_eq!(reset[0].1, "reset", "what came after {unknown:?} is not known: load again");
    }
    bench.end().await;
}
