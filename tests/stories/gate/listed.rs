//! Every list is paged in the same way, whoever writes meanwhile.

use driftguard::accounts::{By, UserEdit};
use driftguard::drift::Slug;
use reqwest::Method;
use serde_json::{Value, json};

use super::walk::Ids;
use super::{World, filled, query, routes};

/// What names a row.
fn name(row: &Value) -> String {
    row.to_string()
}

async fn pages(world: &World, path: &str, limit: usize) -> Result<Vec<String>, String> {
    let admin = Some(world.keys[2].as_str());
    let glue = if path.contains('?') { '&' } else { '?' };
    let (mut rows, mut cursor) = (vec![], String::new());
    for _ in 0..200 {
        let asked = format!("{path}{glue}limit={limit}{cursor}");
        let said = world.send(admin, &Method::GET, &asked, None).await;
        let (data, pagination) = (said.body["data"].as_array(), &said.body["pagination"]);
        let data = data.ok_or_else(|| format!("{asked}: {}", said.body))?;
        // Of drifts and of advice a page may be shorter: it says how far it looked.
        if data.len() > limit && !path.starts_with("/recommendations") || pagination["limit"] != limit {
            return Err(format!("{asked}: {} rows, {pagination}", data.len()));
        }
        rows.extend(data.iter().map(name));
        match pagination["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(rows),
        }
    }
    Err(format!("{path}: it never ends"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_comes_in_pages_and_they_are_the_whole_of_it() {
    let world = World::new().await;
    let ids = Ids::make(&world).await;
    let document = driftguard::server::document();
    let (mut lists, mut faults, mut long) = (0, vec![], 0);
    for route in routes().iter().filter(|route| route.method == Method::GET) {
        let operation = &document["paths"][format!("/api/v1{}", route.path)]["get"];
        let schema = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].as_str();
        if !schema.is_some_and(|name| name.contains("/Listed_")) {
            continue;
        }
        lists += 1;
        let names: Vec<&str> =
            operation["parameters"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
        if !["cursor", "direction", "limit"].iter().all(|name| names.contains(name)) {
            faults.push(format!("{}: takes {names:?}", route.path));
            continue;
        }
        let at = if route.path.contains('{') { filled(&route.path, ids.of(&route.path).0) } else { route.path.clone() };
        let query = match route.path.as_str() {
            "/correlations" => format!("?drift={}", ids.drift),
            path => query(&Method::GET, path).to_owned(),
        };
        // What says how long ago something is says another thing each time.
        let at = format!("{at}{query}");
        match (pages(&world, &at, 1).await, pages(&world, &at, 500).await) {
            (Ok(by_one), Ok(whole)) if by_one.len() == whole.len() => long += usize::from(whole.len() > 1),
            (Ok(by_one), Ok(whole)) => faults.push(format!("{at}: {} by one, {} at once", by_one.len(), whole.len())),
            (one, other) => faults.extend([one.err(), other.err()].into_iter().flatten()),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(lists >= 18 && long >= 8, "{lists} lists, {long} of them longer than one");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_where_the_last_one_ended_whatever_came_in_meanwhile_and_back_again() {
    let world = World::new().await;
    let (by, acme) = (By::operator("root"), Slug::from_text("acme"));
    let add = |name: &str| world.registry.create_user(&by, &acme, name, &UserEdit::default(), None).unwrap();
    ["m1", "m2", "m3"].iter().for_each(|name| drop(add(name)));
    let admin = Some(world.keys[2].as_str());
    let names = |body: &Value| -> Vec<String> {
        body["data"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
    };
    let get = |path: String| {
        let world = &world;
        async move { world.send(admin, &Method::GET, &path, None).await.body }
    };
    let first = get("/users?limit=5".into()).await;
    assert_eq!(names(&first), ["adam", "admin-0", "editor-0", "m1", "m2"]);
    ["aaron", "m21"].iter().for_each(|name| drop(add(name)));
    let second = get(format!("/users?limit=5&cursor={}", first["pagination"]["next"].as_str().unwrap())).await;
    assert_eq!(names(&second), ["m21", "m3", "viewer-0"], "neither again nor left out");
    let previous = second["pagination"]["previous"].as_str().unwrap();
    let back = get(format!("/users?limit=2&direction=newer&cursor={previous}")).await;
    assert_eq!(names(&back), ["m1", "m2"]);
    let odd = get("/users?cursor=%21%21".into()).await;
    assert_eq!(odd["error"]["field"], "cursor", "{odd}");

    let newest = get("/audit/security?limit=2".into()).await;
    add("later");
    let next = newest["pagination"]["next"].as_str().unwrap();
    let older = get(format!("/audit/security?limit=2&cursor={next}")).await;
    let seqs = |body: &Value| {
        body["data"].as_array().unwrap().iter().map(|one| one["seq"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let all = [seqs(&newest), seqs(&older)].concat();
    assert!(all.len() == 4 && all.windows(2).all(|pair| pair[0] > pair[1]), "{all:?}");
    let previous = older["pagination"]["previous"].as_str().unwrap();
    let back = get(format!("/audit/security?limit=2&direction=newer&cursor={previous}")).await;
    assert_eq!(seqs(&back), seqs(&newest), "what came in later is further back");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_taken_away_whole_or_by_span() {
    let world = World::new().await;
    let editor = Some(world.keys[1].as_str());
    let ids = Ids::make(&world).await;
    let path = format!("/drifts/{}/triage", ids.drift);
    let notes: Vec<Value> =
        (0..600).map(|n| json!({"drift": ids.drift, "verb": {"note": {"text": format!("note {n}")}}})).collect();
    let said = world.send(editor, &Method::POST, "/drifts/triage", Some(&json!({"requests": notes}))).await;
    assert!(said.body["data"].as_array().unwrap().iter().all(|one| one.get("done").is_some()), "{}", said.body);
    let admin = Some(world.keys[2].as_str());
    let whole = world.send(admin, &Method::GET, "/audit/export", None).await.body;
    let seqs: Vec<u64> = whole.as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (1..=seqs[0]).rev().collect();
    assert!(seqs.len() > 600 && seqs == expected, "more than one piece, and no gap: {} of {}", seqs.len(), seqs[0]);
    let from = whole[9]["timestamp"].as_str().unwrap();
    let part = world.send(admin, &Method::GET, &format!("/audit/export?from={from}"), None).await.body;
    assert_eq!(part.as_array().unwrap().len(), 10, "from that moment on");
    let until = whole[10]["timestamp"].as_str().unwrap();
    let rest = world.send(admin, &Method::GET, &format!("/audit?until={until}&limit=1"), None).await.body;
    assert_eq!(rest["data"][0]["seq"], whole[10]["seq"], "{path}: {rest}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_under_one_name_is_done_once_and_another_one_under_it_is_refused() {
    let world = World::new().await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = |path: &'static str, key: &'static str, body: Value| {
        let url = format!("http://{}/api/v1{path}", world.address);
        let request = client.post(url).bearer_auth(&world.keys[2]).header("idempotency-key", key);
        let request = request.header("content-type", "application/json").body(body.to_string());
        async move {
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            (status, serde_json::from_slice::<Value>(&response.bytes().await.unwrap()).unwrap())
        }
    };
    for _ in 0..2 {
        assert_eq!(send("/scans", "k1", json!({"environment": "host"})).await.0, 202);
    }
    let (status, body) = send("/scans", "k1", json!({})).await;
    assert_eq!((status, &body["error"]["code"]), (422, &json!("reused")), "{body}");
    let mark = |title: &str| {
        json!({"context": {
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FB1", "context_type": "ticket", "context_data": {"title": title},
            "time_window": {"from": "2026-11-21T00:00:00Z", "to": null}, "environments": [], "source": "person",
        }})
    };
    assert_eq!(send("/contexts", "k2", mark("a")).await.0, 200);
    assert_eq!(send("/contexts", "k2", mark("a")).await.0, 200);
    assert_eq!(send("/contexts", "k2", mark("b")).await.0, 422);
    let key = || json!({"label": "ci", "username": "editor-0"});
    let (status, made) = send("/api-keys", "k3", key()).await;
    assert!(status == 201 && made["secret"].is_string(), "{made}");
    let (status, body) = send("/api-keys", "k3", key()).await;
    let is_same = body["key"] == made["key"] && body["secret"].is_null();
    assert!(status == 201 && is_same, "one key, not two: {body}");
    world.end().await;
}
