//! Every route with what belongs to another organisation.

use driftguard::accounts::By;
use driftguard::api::Role;
use driftguard::drift::Slug;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::{NOBODY, PASSWORD, Route, World, filled, query, routes};
use crate::conformance::{self, Bench, open_drifts};

/// What acme has.
pub(super) struct Ids {
    pub(super) drift: String,
    pub(super) other: String,
    /// What the route says of a link between them.
    pub(super) link: String,
    pub(super) rule: String,
    pub(super) never_hide: String,
    pub(super) context: String,
    pub(super) key: String,
    pub(super) session: String,
    pub(super) advice: String,
    pub(super) notification: String,
    /// Asked for, and waiting.
    pub(super) remediations: [String; 3],
    /// What adam is logged in with: a program approves nothing.
    pub(super) person: String,
}

impl Ids {
    pub(super) async fn make(world: &World) -> Self {
        let editor = Some(world.keys[1].as_str());
        world.files.disturb(3, true);
        conformance::scan(&world.files).await;
        let open = open_drifts(world.files.service().as_ref()).await;
        let [drift, other] = [0, 1].map(|at| open[at].id.to_string());
        let rule = json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FA1", "environment": "host", "resource_type": "local_file",
            "resource_id": null, "path": "nothing", "reason": "x", "owner": "adam", "created_at": Timestamp::now(),
            "expires_at": null,
        });
        let body = json!({"verb": {"ignore": {"rule": rule}}, "reason": "x"});
        let said = world.send(editor, &Method::POST, &format!("/drifts/{drift}/triage"), Some(&body)).await;
        assert_eq!(said.status, 200, "{}", said.body);
        let never = json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FA2", "rule": "set-order", "environment": "host",
            "resource_type": "local_file", "resource_id": null, "path": null, "owner": "adam",
            "created_at": Timestamp::now(),
        });
        let body = json!({"verb": {"put": {"rule": never}}});
        let said = world.send(editor, &Method::POST, "/never-hide-rules/01ARZ3NDEKTSV4RRFFQ69G5FA2", Some(&body)).await;
        assert_eq!(said.status, 200, "{}", said.body);
        let context = json!({
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FA3", "context_type": "incident", "context_data": {"title": "of-acme"},
            "time_window": {"from": Timestamp::now(), "to": null}, "environments": ["host"], "source": "person",
        });
        let said = world.send(editor, &Method::POST, "/contexts", Some(&json!({"context": context}))).await;
        assert_eq!(said.status, 200, "{}", said.body);
        let login = json!({"organization": "acme", "username": "adam", "password": PASSWORD});
        let said = world.send(None, &Method::POST, "/auth/login", Some(&login)).await;
        assert_eq!(said.status, 200, "{}", said.body);
        let person = said.body["access_token"].as_str().unwrap().to_owned();
        let (by, acme) = (By::operator("root"), Slug::from_text("acme"));
        let mut remediations = vec![];
        for event in open.iter().skip(1).take(3) {
            let drift = event.id;
            super::described::thought_about(world, &drift.to_string()).await;
            let body = json!({"kind": "codify_iac", "reason": "x"});
            let said = world.send(editor, &Method::POST, &format!("/drifts/{drift}/remediate"), Some(&body)).await;
            assert_eq!(said.status, 202, "{}", said.body);
            remediations.push(said.body["remediation"]["id"].as_str().unwrap().to_owned());
        }
        let said = world.send(editor, &Method::GET, "/recommendations", None).await;
        let told = world.send(editor, &Method::GET, "/notifications", None).await;
        Self {
            notification: told.body["data"][0]["id"].as_str().expect("somebody was told").to_owned(),
            remediations: remediations.try_into().unwrap(),
            person,
            advice: said.body["data"][0]["id"].as_str().expect("there is advice").to_owned(),
            link: format!("{drift}-{other}"),
            other,
            drift,
            rule: "01ARZ3NDEKTSV4RRFFQ69G5FA1".into(),
            never_hide: "01ARZ3NDEKTSV4RRFFQ69G5FA2".into(),
            context: "01ARZ3NDEKTSV4RRFFQ69G5FA3".into(),
            key: world.registry.api_keys(&by, &acme).unwrap()[0].id.to_string(),
            session: world.registry.sessions(&by, &acme).unwrap()[0].id.to_string(),
        }
    }

    /// What belongs into a path, and what would belong there and is nowhere.
    pub(super) fn of(&self, path: &str) -> (&str, &'static str) {
        let first = path.split('/').nth(1).unwrap();
        match first {
            "drifts" => (&self.drift, NOBODY),
            "recommendations" => (&self.advice, "01ARZ3NDEKTSV4RRFFQ69G5FAV-0123456789abcdef"),
            "ignore-rules" => (&self.rule, NOBODY),
            "never-hide-rules" => (&self.never_hide, NOBODY),
            "contexts" => (&self.context, NOBODY),
            "notifications" => (&self.notification, NOBODY),
            "hooks" => ("ci", "nobodys"),
            "remediations" => (&self.remediations[0], NOBODY),
            "api-keys" => (&self.key, NOBODY),
            "sessions" => (&self.session, NOBODY),
            "correlations" => (&self.link, "01ARZ3NDEKTSV4RRFFQ69G5FAV-01ARZ3NDEKTSV4RRFFQ69G5FA9"),
            "environments" => ("host", "nowhere"),
            "organizations" => ("acme", "nowhere"),
            "users" => ("adam", "nobody"),
            other => panic!("say which id belongs into the new route {other}: {path}"),
        }
    }

    /// Nothing of this is in what umbrella is told.
    fn marks(&self) -> [&str; 10] {
        let Self { drift, rule, never_hide, context, key, session, notification, remediations, .. } = self;
        let remediation = &remediations[0];
        [drift, rule, never_hide, context, key, session, notification, remediation, "local_file", "of-acme"]
    }
}

/// With it the route would do something, were the id its own.
pub(super) fn body(method: &Method, path: &str, ids: &Ids) -> Value {
    match (method.as_str(), path) {
        ("POST", "/drifts/{id}/triage") => json!({"verb": "acknowledge"}),
        ("PUT", "/drifts/{id}/resolve") => json!({"resolution_type": "accepted", "reason": "mine"}),
        ("POST", "/drifts/{id}/remediate") => json!({"kind": "codify_iac"}),
        ("POST", path) if path.starts_with("/remediations/") => json!({}),
        ("POST", "/drifts/{id}/who") => Value::Null,
        ("PATCH", "/drifts/{id}") => json!({"verb": "acknowledge"}),
        ("POST", "/drifts/{id}/analyze" | "/recommendations/{id}/implement" | "/recommendations/{id}/dismiss") => {
            json!({})
        }
        ("POST", "/recommendations/{id}/outcome") => json!({"followed": true, "result": "stolen"}),
        ("POST", "/notifications/read") => json!({"until": ids.notification}),
        ("POST", "/hooks/{name}") => json!({"scan": true}),
        ("POST", "/models/train" | "/models/evaluate" | "/models/rollback") => json!({}),
        ("POST", "/models/activate") => json!({"version": 1}),
        ("POST", "/presence") => json!({"drift": ids.drift, "screen": "01ARZ3NDEKTSV4RRFFQ69G5FA8"}),
        ("POST", "/drifts/triage") => json!({"requests": [{"drift": ids.drift, "verb": "acknowledge"}]}),
        ("POST", "/ignore-rules/{id}" | "/never-hide-rules/{id}") => json!({"verb": "delete", "reason": "x"}),
        ("POST", "/contexts/{id}/end") => json!({"at": Timestamp::now()}),
        ("POST", "/scans" | "/scans/cancel") => json!({"environment": "host"}),
        ("PUT" | "PATCH", "/organizations/{slug}") => json!({"description": "stolen"}),
        ("PUT", "/organizations/{slug}/settings") => json!({"session_timeout": 900}),
        ("PUT" | "PATCH", "/users/{username}") => json!({"role": "viewer"}),
        ("POST", "/users/{username}/password") => json!({"password": "ein ganz anderes Wort"}),
        _ => Value::Null,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_organisation_is_as_if_it_were_not_there_on_every_route() {
    let world = World::new().await;
    let ids = Ids::make(&world).await;
    let foreign = Some(world.keys[3].as_str());
    for Route { method, path } in routes() {
        let body = body(&method, &path, &ids);
        let body = (method != Method::GET && method != Method::DELETE).then_some(&body);
        let Some((theirs, nobody)) = path.contains('{').then(|| ids.of(&path)) else {
            let said = world.send(foreign, &method, &format!("{path}{}", query(&method, &path)), body).await;
            let text = said.body.to_string();
            assert!(said.status < 500, "{method} {path}: {text}");
            // What was asked for may be said back; nothing else.
            let asked = body.map(ToString::to_string).unwrap_or_default();
            let told = ids.marks().into_iter().find(|mark| text.contains(mark) && !asked.contains(mark));
            assert!(told.is_none(), "{method} {path}: {text}");
            if path == "/drifts/triage" {
                assert_eq!(said.body["data"][0]["problem"]["error"]["code"], "not_found", "{text}");
            }
            continue;
        };
        let mut answers = vec![];
        for id in [theirs, nobody] {
            let mut said = world.send(foreign, &method, &filled(&path, id), body).await;
            if let Some(error) = said.body.get_mut("error").and_then(Value::as_object_mut) {
                error.remove("request_id");
                error.remove("trace_id");
            }
            answers.push((said.status, said.body.to_string().replace(id, "ID")));
        }
        assert_eq!(answers[0], answers[1], "{method} {path}: theirs is told from nobody's");
        let expected = match (method.as_str(), path.as_str()) {
            ("PUT" | "DELETE", "/drifts/{id}") => 405,
            // Who has not signed is told nothing, and so is who names no hook.
            ("POST", "/hooks/{name}") => 401,
            _ => 404,
        };
        assert_eq!(answers[0].0, expected, "{method} {path}: {}", answers[0].1);
    }
    for path in ["/users", "/users/adam", "/api-keys", "/sessions", "/lockouts", "/audit/security"] {
        let said = world.send(foreign, &Method::GET, &format!("{path}?organization=acme"), None).await;
        assert_eq!(said.status, 404, "{path}: {}", said.body);
    }
    let drift = open_drifts(world.files.service().as_ref()).await;
    assert!(drift.iter().any(|event| event.id.to_string() == ids.drift), "and nothing was done to it");
    let adam = world.registry.user(&By::operator("root"), &Slug::from_text("acme"), "adam").unwrap();
    assert_eq!((adam.role, adam.is_active), (Role::Admin, true));
    world.end().await;
}
