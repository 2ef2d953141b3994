//! Who did it, by what he is known by, from where, and what was refused: in both trails.

use reqwest::Method;
use serde_json::{Value, json};

use super::{PASSWORD, World};
use crate::conformance::{Bench, open_drifts};

/// Of a person who has logged in.
async fn token(world: &World) -> String {
    let login = json!({"organization": "acme", "username": "adam", "password": PASSWORD});
    let said = world.send(None, &Method::POST, "/auth/login", Some(&login)).await;
    said.body["access_token"].as_str().unwrap_or_else(|| panic!("{}", said.body)).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_says_who_asked_by_which_account_from_where_and_what_was_refused() {
    let world = World::new().await;
    let adam = token(&world).await;
    let mine = json!({"label": "mine", "role": "admin"});
    let made = world.send(Some(&adam), &Method::POST, "/api-keys", Some(&mine)).await;
    let own_key = made.body["secret"].as_str().unwrap_or_else(|| panic!("{}", made.body)).to_owned();
    let user = world.send(Some(&adam), &Method::GET, "/users/adam", None).await.body["id"].clone();
    let drift = &open_drifts(world.files.service().as_ref()).await[0];
    let path = format!("/drifts/{}/triage", drift.id);
    let note = |text: &str| json!({"verb": {"note": {"text": text}}});
    let service = Some(world.keys[2].as_str());
    for key in [Some(adam.as_str()), Some(own_key.as_str()), service] {
        let said = world.send(key, &Method::POST, &path, Some(&note("looked at"))).await;
        assert_eq!(said.status, 200, "{}", said.body);
    }
    // Too late, and what makes no sense: nothing becomes of either, and both are told.
    let late = json!({"verb": "acknowledge", "expected_version": 0, "reason": "late"});
    assert_eq!(world.send(Some(&adam), &Method::POST, &path, Some(&late)).await.status, 409);
    let undo = json!({"verb": {"undo": {"seq": 1}}});
    let said = world.send(Some(&adam), &Method::POST, &path, Some(&undo)).await;
    assert!(said.status == 400 || said.status == 404, "{}", said.body);
    let body = json!({"verb": {"snooze": {"until": "2020-01-01T00:00:00Z"}}});
    assert_eq!(world.send(service, &Method::POST, &path, Some(&body)).await.status, 400);

    let trail = world.send(Some(&adam), &Method::GET, "/audit?limit=100", None).await.body;
    let trail = trail["data"].as_array().unwrap();
    let kinds: Vec<&Value> =
        trail.iter().filter(|one| one["action"] == "note").map(|one| &one["origin"]["principal"]).collect();
    assert_eq!(kinds, ["service_account", "api_key", "user"], "newest first");
    let by_adam = trail.iter().rfind(|one| one["action"] == "note").unwrap();
    assert_eq!((&by_adam["origin"]["user_id"], &by_adam["success"]), (&user, &json!(true)), "{by_adam}");
    assert_eq!(by_adam["origin"]["ip_address"], "127.0.0.1", "{by_adam}");
    assert!(by_adam["origin"]["session_id"].is_string(), "{by_adam}");
    let refused: Vec<_> = trail.iter().filter(|one| one["success"] == false).collect();
    let late = refused.iter().find(|one| one["action"] == "acknowledge").unwrap_or_else(|| panic!("{refused:?}"));
    assert!(late["error_message"].as_str().unwrap().contains("has changed"), "{late}");
    assert_eq!((&late["drift"], &late["environment"]), (&json!(drift.id), &json!("host")), "{late}");
    assert!(refused.iter().any(|one| one["action"] == "snooze" && one["origin"]["principal"] == "service_account"));
    let system = trail.iter().find(|one| one["actor"] == "system").unwrap();
    assert!(system["origin"].is_null(), "nobody asked: {system}");
    let history =
        world.send(Some(&adam), &Method::GET, &format!("/drifts/{}", drift.id), None).await.body["history"].clone();
    assert!(history.as_array().unwrap().iter().all(|one| one["success"] == true), "nothing became of it: {history}");

    let csv = world.send(Some(&adam), &Method::GET, "/audit/security?limit=500", None).await.body;
    let made = csv["data"].as_array().unwrap().iter().find(|one| one["entry"]["action"] == "key_created").unwrap();
    assert_eq!((&made["entry"]["actor"]["user_id"], &made["entry"]["success"]), (&user, &json!(true)), "{made}");
    assert_eq!(made["entry"]["actor"]["kind"], "user", "{made}");
    assert_eq!(
        world
            .send(Some(&own_key), &Method::POST, "/users", Some(&json!({"username": "x", "kind": "service"})))
            .await
            .status,
        201
    );
    let said = world.send(Some(&world.keys[0]), &Method::POST, "/scans", Some(&json!({}))).await;
    assert_eq!(said.status, 403);
    let trail = world.send(Some(&adam), &Method::GET, "/audit/security?limit=2", None).await.body["data"].clone();
    assert_eq!((&trail[0]["entry"]["action"], &trail[0]["entry"]["success"]), (&json!("denied"), &json!(false)));
    assert_eq!(trail[1]["entry"]["actor"]["kind"], "api_key", "a person's key is the person's: {}", trail[1]);
    assert_eq!(trail[1]["entry"]["actor"]["user_id"], user);
    let faults = world.send(Some(&adam), &Method::GET, "/audit/verify", None).await.body["faults"].clone();
    assert_eq!(faults, json!([]));
    world.end().await;
}
