//! API keys: whose they are, who makes them, and where they open.

use driftguard::accounts::{By, UserEdit};
use driftguard::api::Role;
use driftguard::drift::Slug;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PASSWORD, World, key, message};

async fn login(world: &World, name: &str) -> String {
    let login = json!({"organization": "acme", "username": name, "password": PASSWORD});
    let said = world.send(None, &Method::POST, "/auth/login", Some(&login)).await;
    said.body["access_token"].as_str().unwrap_or_else(|| panic!("{}", said.body)).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_logged_in_lists_makes_and_ends_his_own_keys_whatever_his_role() {
    let world = World::new().await;
    let (by, acme) = (By::operator("root"), Slug::from_text("acme"));
    for (name, role) in [("vic", Role::Viewer), ("erin", Role::Editor)] {
        let edit = UserEdit { role: Some(role), ..UserEdit::default() };
        world.registry.create_user(&by, &acme, name, &edit, Some(PASSWORD)).unwrap();
    }
    for (name, role, above) in [("vic", "viewer", "editor"), ("erin", "editor", "admin")] {
        let token = login(&world, name).await;
        let token = Some(token.as_str());
        let make = |body: Value| {
            let world = &world;
            async move { world.send(token, &Method::POST, "/api-keys", Some(&body)).await }
        };
        let said = make(json!({"label": "mine", "role": above})).await;
        assert_eq!((said.status, &said.body["error"]["field"]), (400, &json!("role")), "{}", said.body);
        let said = make(json!({"label": "mine", "username": "admin-0"})).await;
        assert_eq!(said.status, 403, "{}", said.body);
        assert!(message(&said).contains("make a key for somebody else"), "{}", said.body);
        let made = make(json!({"label": "mine", "role": role})).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let (id, secret) = (made.body["key"]["id"].as_str().unwrap(), made.body["secret"].as_str().unwrap());
        let secret = Some(secret);
        for who in [token, secret] {
            let keys = world.send(who, &Method::GET, "/api-keys", None).await.body;
            let ids: Vec<&str> =
                keys["data"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
            assert_eq!(ids, [id], "one's own and no others: {keys}");
        }
        let said = world.send(secret, &Method::POST, "/api-keys", Some(&json!({"label": "another"}))).await;
        assert!(said.status == 403 && message(&said).contains("no API key may make a key"), "{}", said.body);
        let path = format!("/api-keys/{id}");
        let said = world.send(secret, &Method::DELETE, &path, None).await;
        assert!(said.status == 403 && message(&said).contains("no API key may revoke a key"), "{}", said.body);
        let foreign =
            world.registry.api_keys(&by, &acme).unwrap().into_iter().find(|key| key.id.to_string() != id).unwrap();
        let said = world.send(token, &Method::DELETE, &format!("/api-keys/{}", foreign.id), None).await;
        assert_eq!(said.status, 404, "another's is not there: {}", said.body);
        assert_eq!(world.send(token, &Method::DELETE, &path, None).await.status, 200);
        assert_eq!(world.send(secret, &Method::GET, "/session", None).await.status, 401);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_names_endpoints_holds_there_and_nowhere_else() {
    let world = World::new().await;
    let grant = json!({"access": "act", "endpoints": ["GET /drifts*", "/session"]});
    let limited = key(&world.registry, "acme", Role::Editor, vec![serde_json::from_value(grant).unwrap()]);
    let limited = Some(limited.as_str());
    for (method, path, status) in [
        (Method::GET, "/drifts", 200),
        (Method::GET, "/session", 200),
        (Method::GET, "/environments", 403),
        (Method::POST, "/drifts/triage", 403),
        (Method::GET, "/feed", 403),
    ] {
        let body = (method == Method::POST).then(|| json!({"requests": []}));
        let said = world.send(limited, &method, path, body.as_ref()).await;
        assert_eq!(said.status, status, "{method} {path}: {}", said.body);
        let names_it = message(&said).contains(&format!("{method} /api/v1{path}"));
        assert!(status == 200 || names_it, "{}", said.body);
    }
    let admin = Some(world.keys[2].as_str());
    let trail = world.send(admin, &Method::GET, "/audit/security?limit=1", None).await.body;
    let subject = trail["data"][0]["entry"]["subject"].as_str().unwrap_or_default();
    assert!(subject.contains("GET /api/v1/feed"), "what was refused is recorded: {trail}");
    for (endpoint, status) in [("GET /drifts*", 200), ("drifts", 400), ("LOOK /drifts", 400)] {
        let body = json!({"grants": [{"access": "read", "endpoints": [endpoint]}]});
        let said = world.send(admin, &Method::PATCH, "/users/viewer-0", Some(&body)).await;
        assert_eq!(said.status, status, "{endpoint}: {}", said.body);
        assert!(status == 200 || said.body["error"]["field"] == "grants[0].endpoints[0]", "{}", said.body);
    }
    world.end().await;
}
