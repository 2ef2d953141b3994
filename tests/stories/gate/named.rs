//! Every write of the document, sent twice under one key: done once, and answered alike.

use driftguard::drift::Slug;
use reqwest::Method;
use serde_json::{Value, json};

use super::described::{analysed, body, id_for, in_order};
use super::walk::Ids;
use super::{By, Route, World, filled, query};

/// What must not grow when something is said again.
async fn count(world: &World) -> Vec<(&'static str, usize)> {
    let admin = Some(world.keys[2].as_str());
    let mut counts = vec![];
    for path in [
        "/audit?limit=500",
        "/audit/security?limit=500",
        "/organizations",
        "/users",
        "/api-keys",
        "/sessions",
        "/ignore-rules",
        "/never-hide-rules",
        "/contexts?from=2026-11-20T00:00:00Z&until=2030-01-01T00:00:00Z",
    ] {
        let said = world.send(admin, &Method::GET, path, None).await;
        let text = said.body["data"].to_string();
        // Organisations are trees: each is counted by its name.
        let many = said.body["data"].as_array().unwrap().len() + text.matches("\"contact_email\"").count();
        counts.push((path, many));
    }
    counts
}

/// What of an answer has to be the same: a decision is named by its number, and shows the drift as it is now; a secret is shown once.
fn gist(said: &Value) -> Value {
    let seq = |one: &Value| one.get("seq").cloned();
    if let Some(seq) = seq(said).or_else(|| seq(&said["receipt"])) {
        return seq;
    }
    if let Some(all) = said["data"].as_array() {
        return all.iter().map(|one| seq(&one["done"]).unwrap_or(Value::Null)).collect();
    }
    let mut said = said.clone();
    if let Some(fields) = said.as_object_mut() {
        fields.remove("secret");
        fields.remove("notice");
    }
    said
}

/// Another request that could be made there as well; `None` where there is but one.
fn another(path: &str, mut body: Value) -> Option<Value> {
    let field = match path {
        "/organizations" | "/organizations/{slug}" => "description",
        "/users" | "/users/{username}" => "display_name",
        "/users/{username}/password" => "password",
        "/api-keys" => "label",
        "/correlations" => "note",
        "/drifts/{id}/analyze" => "context",
        "/recommendations/{id}/outcome" => "result",
        "/contexts"
        | "/contexts/{id}/end"
        | "/scans"
        | "/scans/cancel"
        | "/drifts/{id}/who"
        | "/drifts/triage"
        | "/notifications/read"
        | "/organizations/{slug}/settings" => return None,
        _ => "reason",
    };
    body[field] = json!("something else altogether");
    Some(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_that_is_sent_twice_under_one_key_is_done_once_and_answered_alike() {
    let world = World::new().await;
    let mut ids = Ids::make(&world).await;
    analysed(&world, &mut ids).await;
    let admin = Some(world.keys[2].as_str());
    let document = driftguard::server::document();
    let (mut wrong, mut walked, mut others) = (vec![], 0, 0);
    for (at, Route { method, path }) in in_order().into_iter().enumerate() {
        let operation = &document["paths"][format!("/api/v1{path}")][method.as_str().to_lowercase()];
        if !operation["parameters"].to_string().contains("IdempotencyKey") {
            let is_write = method != Method::GET && operation["responses"].get("405").is_none();
            // A signature is taken once by itself.
            let is_open = path.starts_with("/auth/") || path.starts_with("/hooks/");
            let is_left_out = is_open || path.ends_with("/preview") || path == "/presence";
            assert!(!is_write || is_left_out, "{method} {path} takes no key");
            continue;
        }
        let sent = operation.get("requestBody").map(|_| body(&method, &path, &ids));
        let filled = if path.contains('{') { filled(&path, id_for(&method, &path, &ids)) } else { path.clone() };
        let full = format!("{filled}{}", query(&method, &path));
        let name = format!("story-{at}");
        let who = if path.starts_with("/remediations/") { Some(ids.person.as_str()) } else { admin };
        let first = world.send_named(who, &method, &full, sent.as_ref(), Some(&name)).await;
        if first.status >= 400 {
            let is_refused = matches!(path.as_str(), "/drifts/{id}/who" | "/notifications/{id}/resend")
                // Nothing was learned.
                || path.starts_with("/models/");
            assert!(is_refused, "{method} {path}: {}", first.body);
            continue;
        }
        let before = count(&world).await;
        let again = world.send_named(who, &method, &full, sent.as_ref(), Some(&name)).await;
        let what = format!("{method} {path}\n  {}\n  {}", first.body, again.body);
        if (first.status, gist(&first.body)) != (again.status, gist(&again.body)) {
            wrong.push(format!("answered otherwise: {what}"));
        }
        let after = count(&world).await;
        if before != after {
            wrong.push(format!("done twice: {what}\n  {before:?}\n  {after:?}"));
        }
        walked += 1;
        let Some(other) = sent.and_then(|sent| another(&path, sent)) else { continue };
        let said = world.send_named(who, &method, &full, Some(&other), Some(&name)).await;
        let is_reuse = said.status == 422 && said.body["error"]["field"] == "idempotency-key";
        others += usize::from(is_reuse);
        if !is_reuse {
            wrong.push(format!("another body under the same key: {what}\n  {}", said.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(walked > 20 && others > 12, "{walked} writes, {others} of them with another body");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_that_is_asked_for_again_comes_without_its_secret_which_is_kept_nowhere() {
    let world = World::new().await;
    let admin = Some(world.keys[2].as_str());
    let asked = json!({"label": "ci", "username": "editor-0"});
    let make = || world.send_named(admin, &Method::POST, "/api-keys", Some(&asked), Some("k1"));
    let (first, again) = (make().await, make().await);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body["key"], again.body["key"]);
    assert!(first.body["secret"].is_string() && again.body["secret"].is_null(), "{}", again.body);
    assert!(again.body["notice"].as_str().unwrap().contains("kept nowhere"));
    // A name is whose it is: another principal's is another one.
    let own = json!({"label": "ci"});
    let other = world.send_named(Some(&world.keys[1]), &Method::POST, "/api-keys", Some(&own), Some("k1")).await;
    assert_ne!(other.status, 422, "{}", other.body);
    let keys = world.registry.api_keys(&By::operator("root"), &Slug::from_text("acme")).unwrap();
    assert_eq!(
        keys.iter().filter(|key| key.label.raw() == "ci" && key.prefix == first.body["key"]["prefix"]).count(),
        1
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_under_one_key_make_one_user() {
    let world = World::new().await;
    let admin = Some(world.keys[2].as_str());
    let asked = json!({"username": "newcomer", "kind": "service"});
    let all = (0..20).map(|_| world.send_named(admin, &Method::POST, "/users", Some(&asked), Some("k1")));
    let all = futures_util::future::join_all(all).await;
    assert!(
        all.iter().all(|said| said.status == 201 && said.body == all[0].body),
        "{:?}",
        all.iter().map(|s| &s.body).collect::<Vec<_>>()
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_accounts_says_which_version_he_saw_and_is_told_how_it_is_now() {
    let world = World::new().await;
    let admin = Some(world.keys[2].as_str());
    let send = async |method: Method, path: &str, body: Value| world.send(admin, &method, path, Some(&body)).await;
    let made = send(Method::POST, "/users", json!({"username": "erin", "kind": "service"})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    for (path, change) in [
        ("/organizations/acme", json!({"description": "one"})),
        ("/organizations/acme/settings", json!({"session_timeout": 900})),
        ("/users/erin", json!({"display_name": "Erin"})),
    ] {
        let first = send(Method::PUT, path, change.clone()).await;
        let seen = first.body["version"].as_u64().unwrap_or_else(|| panic!("{path}: {}", first.body));
        let saying = |version: u64| {
            let mut body = change.clone();
            body["expected_version"] = json!(version);
            body
        };
        let fresh = send(Method::PUT, path, saying(seen)).await;
        assert_eq!((fresh.status, &fresh.body["version"]), (200, &json!(seen + 1)), "{path}: {}", fresh.body);
        let late = send(Method::PUT, path, saying(seen)).await;
        let current = &late.body["error"]["current_account"];
        assert_eq!((late.status, current), (409, &fresh.body), "{path}: {}", late.body);
    }
    let key = send(Method::POST, "/api-keys", json!({"label": "ci", "username": "editor-0"})).await.body["key"].clone();
    let path = format!("/api-keys/{}?expected_version=", key["id"].as_str().unwrap());
    let late = world.send(admin, &Method::DELETE, &format!("{path}7"), None).await;
    assert_eq!((late.status, &late.body["error"]["current_account"]), (409, &key), "{}", late.body);
    assert_eq!(world.send(admin, &Method::DELETE, &format!("{path}1"), None).await.status, 200);
    for path in ["/users/erin?expected_version=1", "/organizations/acme?expected_version=1"] {
        assert_eq!(world.send(admin, &Method::DELETE, path, None).await.status, 409, "{path}");
    }
    world.end().await;
}
