//! Grants, and accounts as they are kept over the API.

use std::collections::BTreeSet;

use driftguard::accounts::Grant;
use driftguard::api::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PASSWORD, World, key, message};
use crate::conformance::{Bench, open_drifts};

#[tokio::test(flavor = "multi_thread")]
async fn grants_hold_over_the_api_and_a_refusal_is_in_the_audit_trail() {
    let world = World::new().await;
    let grant = |text: Value| serde_json::from_value::<Grant>(text).unwrap();
    let read = grant(json!({"environments": "host", "access": "read"}));
    let elsewhere = grant(json!({"environments": "prod-*", "access": "act"}));
    let reader = key(&world.registry, "acme", Role::Editor, vec![read, elsewhere.clone()]);
    let stranger = key(&world.registry, "acme", Role::Editor, vec![elsewhere]);
    let id = open_drifts(world.files.service().as_ref()).await[0].id;
    let triage = format!("/drifts/{id}/triage");
    let acknowledge = json!({"verb": "acknowledge"});
    let said = world.send(Some(&reader), &Method::POST, &triage, Some(&acknowledge)).await;
    assert_eq!(said.status, 403, "{}", said.body);
    assert!(message(&said).contains("none of your grants lets you act on local_file in host"), "{}", said.body);
    let said = world.send(Some(&stranger), &Method::POST, &triage, Some(&acknowledge)).await;
    assert_eq!(said.status, 404, "{}", said.body);
    for (key, drifts) in [(&reader, 3), (&stranger, 0)] {
        let said = world.send(Some(key), &Method::GET, "/drifts", None).await;
        assert_eq!(said.body["data"].as_array().unwrap().len(), drifts, "{}", said.body);
    }
    let admin = Some(world.keys[2].as_str());
    let trail = world.send(admin, &Method::GET, "/audit/security?limit=1", None).await;
    let entry = &trail.body["data"][0]["entry"];
    assert_eq!(entry["action"], "denied", "{}", trail.body);
    assert!(entry["subject"].as_str().unwrap().contains(&format!("POST /api/v1{triage}")), "{}", trail.body);
    let who = world.send(admin, &Method::GET, "/access?verb=revert&environment=host&type=local_file", None).await;
    let names = who.body["data"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned());
    assert_eq!(names.collect::<Vec<_>>(), ["adam", "admin-0", "editor-0"]);
    // A grant that is limited to endpoints counts at those alone.
    let scans = grant(json!({"environments": "*", "access": "act", "endpoints": ["POST /scans"]}));
    key(&world.registry, "acme", Role::Editor, vec![scans.clone(), scans.clone(), scans]);
    let who = async |verb: &str| {
        let path = format!("/access?verb={verb}&environment=host");
        let said = world.send(admin, &Method::GET, &path, None).await;
        said.body["data"].as_array().unwrap().iter().any(|user| user["username"] == "editor-3")
    };
    assert_eq!((who("scan").await, who("acknowledge").await, who("read").await), (true, false, false));
    // A mark that is refused stands in the trail, as every decision that is.
    let context = |id: &str| {
        json!({"context": {
            "id": id, "context_type": "ticket", "context_data": {"title": "INC-1"}, "environments": ["host"],
            "time_window": {"from": "2026-11-20T00:00:00Z", "to": "2026-11-20T01:00:00Z"}, "source": "person",
        }})
    };
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FA7";
    assert_eq!(world.send(admin, &Method::POST, "/contexts", Some(&context(id))).await.status, 200);
    let end = json!({"at": "2026-11-22T00:00:00Z"});
    let refused = world.send(admin, &Method::POST, &format!("/contexts/{id}/end"), Some(&end)).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    let trail = world.send(admin, &Method::GET, "/audit?limit=1", None).await.body["data"][0].clone();
    assert_eq!((&trail["action"], &trail["success"]), (&json!("mark_ended"), &json!(false)), "{trail}");
    assert!(trail["error_message"].as_str().unwrap().contains("has ended already"), "{trail}");
    let greeting = world.send(Some(&world.keys[0]), &Method::GET, "/session", None).await;
    assert!(greeting.body["read_only"].as_str().unwrap().contains("your role is viewer"), "{}", greeting.body);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn organisations_users_keys_and_settings_are_kept_over_the_api_and_mistakes_name_their_field() {
    let world = World::new().await;
    let admin = Some(world.keys[2].as_str());
    let get = |path: &'static str| world.send(admin, &Method::GET, path, None);
    let send = |method: Method, path: &'static str, body: Value| {
        let world = &world;
        async move { world.send(admin, &method, path, Some(&body)).await }
    };
    assert_eq!(get("/organizations/acme/settings").await.status, 404, "none until they are put");
    for (method, path, body, field) in [
        (Method::PUT, "/organizations/acme/settings", json!({"slack_webhook_url": "x"}), "slack_webhook_url"),
        (Method::PUT, "/organizations/acme/settings", json!({"session_timeout": 5}), "session_timeout"),
        (Method::PUT, "/organizations/acme/settings", json!({"sesion_timeout": 900}), "sesion_timeout"),
        (Method::PATCH, "/organizations/acme", json!({"contact_email": "x"}), "contact_email"),
        (Method::PATCH, "/organizations/acme", json!({"slug": "x"}), "slug"),
        (Method::POST, "/organizations", json!({"slug": "Acme EU"}), "slug"),
        (Method::POST, "/users", json!({"username": "a b", "password": PASSWORD}), "username"),
        (Method::POST, "/users", json!({"username": "erin", "password": "short"}), "password"),
        (Method::POST, "/users", json!({"username": "erin", "role": "root"}), "role"),
        (
            Method::POST,
            "/users",
            json!({"username": "erin", "grants": [{"access": "act", "types": "*"}]}),
            "grants[0].types",
        ),
        (Method::POST, "/api-keys", json!({"label": ""}), "label"),
        (Method::POST, "/api-keys", json!({"label": "x", "endpoints": ["drifts"]}), "endpoints[0]"),
    ] {
        let said = send(method.clone(), path, body.clone()).await;
        assert_eq!((said.status, said.body["error"]["field"].as_str()), (400, Some(field)), "{body}: {}", said.body);
    }
    let said = send(Method::PUT, "/organizations/acme/settings", json!({"session_timeout": 900})).await;
    assert_eq!((said.status, &said.body["session_timeout"]), (200, &json!(900)), "{}", said.body);
    assert_eq!(get("/organizations/acme/settings").await.status, 200);

    let said = send(Method::POST, "/organizations", json!({"slug": "acme-eu"})).await;
    assert_eq!((said.status, &said.body["parent"]), (201, &json!("acme")), "{}", said.body);
    let taken = send(Method::POST, "/organizations", json!({"slug": "umbrella"})).await;
    assert_eq!((taken.status, &taken.body["error"]["field"]), (409, &json!("slug")), "{}", taken.body);
    let tree = get("/organizations").await.body;
    assert_eq!(tree["data"][0]["children"][0]["organization"]["slug"], "acme-eu", "{tree}");
    let gone = world.send(admin, &Method::DELETE, "/organizations/acme-eu", None).await;
    assert_eq!((gone.status, &gone.body["is_active"]), (200, &json!(false)), "{}", gone.body);
    let own = world.send(admin, &Method::DELETE, "/organizations/acme", None).await;
    assert_eq!((own.status, &own.body["error"]["field"]), (400, &json!("is_active")), "{}", own.body);

    let said = send(Method::POST, "/users", json!({"username": "erin", "password": PASSWORD})).await;
    assert_eq!((said.status, &said.body["role"]), (201, &json!("viewer")), "a new user only looks: {}", said.body);
    let body = json!({"role": "editor", "grants": [{"environments": "host", "access": "read"}]});
    let said = send(Method::PATCH, "/users/erin", body).await;
    assert_eq!((said.status, &said.body["grants"][0]["environments"]), (200, &json!("host")), "{}", said.body);
    let made = send(Method::POST, "/api-keys", json!({"label": "ci", "role": "viewer", "username": "editor-0"})).await;
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    let list = get("/api-keys").await.body.to_string();
    assert!(secret.starts_with("dgk_") && list.contains(&secret[..12]) && !list.contains(&secret), "{list}");
    assert_eq!(world.send(Some(&secret), &Method::GET, "/session", None).await.body["role"], "viewer");
    let path = format!("/api-keys/{}", made.body["key"]["id"].as_str().unwrap());
    assert_eq!(world.send(admin, &Method::DELETE, &path, None).await.status, 200);
    assert_eq!(world.send(Some(&secret), &Method::GET, "/session", None).await.status, 401);

    let login = |password: &'static str| json!({"organization": "acme", "username": "erin", "password": password});
    for _ in 0..5 {
        assert_eq!(world.send(None, &Method::POST, "/auth/login", Some(&login("wrong"))).await.status, 401);
    }
    let said = world.send(None, &Method::POST, "/auth/login", Some(&login(PASSWORD))).await;
    assert_eq!(said.status, 429, "{}", said.body);
    let locked = get("/lockouts").await.body;
    assert_eq!(locked["data"][0]["username"], "erin", "{locked}");
    let export = get("/audit/export?kind=security&format=json").await.body;
    let actions: BTreeSet<&str> =
        export.as_array().unwrap().iter().filter_map(|one| one["entry"]["action"].as_str()).collect();
    for action in ["user_created", "grants_changed", "key_revoked", "locked_out", "settings_changed"] {
        assert!(
            actions.contains(action) || action == "grants_changed" && actions.contains("role_changed"),
            "{action}: {actions:?}"
        );
    }
    assert!(!export.to_string().contains(&secret));
    assert_eq!(get("/audit/verify").await.body["faults"], json!([]));
    world.end().await;
}
