//! Every route with every role, and nobody.

use std::collections::BTreeSet;

use driftguard::accounts::By;
use driftguard::api::Role;
use driftguard::drift::Slug;
use reqwest::Method;
use serde_json::json;

use super::{NOBODY, World, filled, message, query, routes};

/// What is one's own is not asked for a role; who is nobody yet has none.
const OWN: [&str; 7] = [
    "/auth/logout",
    "/users/{username}/password",
    "/sessions/{id}",
    "/api-keys",
    "/api-keys/{id}",
    "/notifications/{id}/read",
    "/notifications/read",
];
/// The last one is for whoever signs what he sends.
const OPEN: [&str; 3] = ["/auth/login", "/auth/refresh", "/hooks/{name}"];
/// Not for editors either.
const ADMINS: [&str; 7] = [
    "/users",
    "/users/{username}",
    "/organizations/{slug}/settings",
    "/lockouts",
    "/audit/security",
    "/audit/verify",
    "/access",
];

#[tokio::test(flavor = "multi_thread")]
async fn three_roles_by_six_methods_by_every_route() {
    let world = World::new().await;
    let routes = routes();
    let paths: BTreeSet<&str> = routes.iter().map(|route| route.path.as_str()).collect();
    for path in paths {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            let method: Method = method.parse().unwrap();
            let is_there = routes.iter().any(|route| route.path == path && route.method == method);
            let named = if path.starts_with("/organizations") { "acme" } else { NOBODY };
            let full = format!("{}{}", filled(path, named), query(&method, path));
            let body = (method != Method::GET).then(|| json!({}));
            let needed = match method {
                Method::GET => Role::Viewer,
                Method::DELETE => Role::Admin,
                _ => Role::Editor,
            };
            for (role, key) in [Role::Viewer, Role::Editor, Role::Admin].into_iter().zip(&world.keys) {
                let said = world.send(Some(key), &method, &full, body.as_ref()).await;
                let what = format!("{role:?} {method} {path}: {} {}", said.status, said.body);
                assert!(said.status < 500, "{what}");
                if !is_there {
                    assert_eq!(said.status, 405, "{what}");
                    continue;
                }
                let is_free = OWN.contains(&path) || OPEN.contains(&path);
                let refused = said.status == 403 && message(&said).starts_with("this needs the role");
                assert_eq!(refused, role < needed && !is_free, "{what}");
                if ADMINS.contains(&path) && method == Method::GET && role < Role::Admin {
                    assert_eq!(said.status, 403, "{what}");
                }
            }
            if is_there && !OPEN.contains(&path) {
                let said = world.send(None, &method, &full, body.as_ref()).await;
                assert_eq!(said.status, 401, "nobody {method} {path}: {}", said.body);
            }
        }
    }
    let trail = world.registry.audit(&By::operator("root"), &Slug::from_text("acme"), 10_000).unwrap();
    let denied = trail.iter().filter(|record| record.entry.action.as_str() == "denied");
    let denied: Vec<String> = denied.map(|record| record.entry.subject.line()).collect();
    assert!(denied.iter().any(|what| what.contains("POST /api/v1/scans")), "{denied:?}");
    assert_eq!(world.registry.verify(&By::operator("root")).unwrap().faults, Vec::<String>::new());
    world.end().await;
}
