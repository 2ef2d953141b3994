//! One wrong value for every parameter and every field that the document names: refused, by its name, in a sentence.

use regex::Regex;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::walk::Ids;
use super::{Route, Said, World, filled, message, query, routes};

/// Phrases of the language this is written in, and of its libraries.
const OURS: &str = r"\b(u8|u16|u32|u64|u128|usize|i8|i16|i32|i64|isize|f32|f64|struct|enum|tuple|newtype|sequence|map|serde|Option|Vec|String|variant|visitor|deserializ\w*|identifier|unwrap|panicked|Err|None)\b|::|invalid (type|value|length|digit)|missing field|unknown (field|variant)|expected (a|an|one|struct|value|`)|at line \d|relative URL|out of range|target type";

struct Wrong {
    what: String,
    field: String,
    query: String,
    body: Option<Value>,
}

fn resolved(schema: &Value) -> &Value {
    let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
    name.map_or(schema, |name| resolved(driftguard::server::document().pointer(name).unwrap()))
}

/// What is certainly none of these, as it stands in an address.
fn wrong_text(schema: &Value) -> Option<&'static str> {
    let schema = resolved(schema);
    if let Some(some) = schema["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null")) {
        return wrong_text(some);
    }
    let kinds = schema["type"].to_string();
    match () {
        () if kinds.contains("array") => Some(wrong_text(&schema["items"]).unwrap_or(",")),
        () if kinds.contains("integer") => Some("-1"),
        () if schema["format"] == "date-time" => Some("yesterday"),
        () if schema.get("enum").is_some() || schema.get("pattern").is_some() => Some("No%20Such%20Thing"),
        () => None,
    }
}

fn parameters(operation: &Value, method: &Method, path: &str) -> Vec<Wrong> {
    let mut all = vec![];
    let right = query(method, path).trim_start_matches('?');
    let mut add = |what: &str, field: &str, query: String| {
        all.push(Wrong { what: what.to_owned(), field: field.to_owned(), query, body: None });
    };
    for one in operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "query") {
        let name = one["name"].as_str().unwrap();
        let others = right.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&format!("{name}=")));
        let others: String = others.map(|pair| format!("&{pair}")).collect();
        add("no UTF-8", name, format!("?{name}=%ff{others}"));
        add("a control character", name, format!("?{name}=a%00{others}"));
        if let Some(wrong) = wrong_text(&one["schema"]) {
            add("a wrong value", name, format!("?{name}={wrong}{others}"));
        }
        if one["required"] == true {
            add("nothing", name, format!("?{}", others.trim_start_matches('&')));
        }
    }
    for pair in right.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap();
        add("twice", name, format!("?{right}&{pair}"));
    }
    add("unknown", "sevrity", format!("?sevrity=high&{right}"));
    all
}

/// The body that has nothing but this, there.
fn placed(path: &[String], value: Value) -> Value {
    path.iter().rev().fold(value, |inner, step| match step.as_str() {
        "[0]" => json!([inner]),
        name => Value::Object(Map::from_iter([(name.to_owned(), inner)])),
    })
}

fn name_of(path: &[String]) -> String {
    let joined = path.iter().fold(String::new(), |all, step| match step.as_str() {
        "[0]" => all + step,
        name if all.is_empty() => name.to_owned(),
        name => format!("{all}.{name}"),
    });
    if joined.is_empty() { "body".to_owned() } else { joined }
}

fn fields(schema: &Value, path: &[String], is_choice: bool, all: &mut Vec<Wrong>) {
    let schema = resolved(schema);
    let mut add = |what: String, path: &[String], value: Value| {
        all.push(Wrong { what, field: name_of(path), query: String::new(), body: Some(value) });
    };
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array() {
            add("a number for a choice".into(), path, placed(path, json!(7.5)));
            add("a list for a choice".into(), path, placed(path, json!([])));
            let some = choices.iter().filter(|choice| choice["type"] != "null");
            some.for_each(|choice| fields(choice, path, choices.len() > 2, all));
            // Where any text is one of the choices it is not wrong.
            let is_text = |choice: &Value| choice["type"] == "string" && choice["enum"].is_null();
            if choices.iter().any(|choice| is_text(resolved(choice))) {
                let field = name_of(path);
                all.retain(|one| one.field != field || one.what != "text for an object");
            }
            return;
        }
    }
    let kinds = schema["type"].to_string();
    match () {
        () if kinds.contains("object") => {
            add("a list for an object".into(), path, placed(path, json!([])));
            add("text for an object".into(), path, placed(path, json!("No Such Thing")));
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            if !is_choice && schema.get("additionalProperties").is_none_or(|more| *more == false) {
                let unknown = [path, &["sevrity".to_owned()]].concat();
                add("an unknown field".into(), &unknown, placed(&unknown, json!(1)));
            }
            let needed = schema["required"].as_array().and_then(|names| names.first()?.as_str());
            // One variant of several is not there when nothing says which.
            if let Some(needed) = needed.filter(|_| !is_choice) {
                add("nothing".into(), &[path, &[needed.to_owned()]].concat(), placed(path, json!({})));
            }
            for (name, field) in &properties {
                fields(field, &[path, std::slice::from_ref(name)].concat(), false, all);
            }
        }
        () if kinds.contains("array") => {
            add("an object for a list".into(), path, placed(path, json!({})));
            fields(&schema["items"], &[path, &["[0]".to_owned()]].concat(), false, all);
        }
        () if kinds.contains("integer") => {
            for wrong in [json!(-1), json!(1.5), json!("1"), json!(1e300)] {
                add(format!("{wrong}"), path, placed(path, wrong));
            }
        }
        () if kinds.contains("string") => {
            add("a number for text".into(), path, placed(path, json!(7)));
            add("a list for text".into(), path, placed(path, json!(["a"])));
            let is_closed = schema.get("enum").is_some() || schema.get("pattern").is_some();
            if is_closed || schema["format"] == "date-time" {
                add("a wrong word".into(), path, placed(path, json!("No Such Thing \u{202e}")));
            }
        }
        () if kinds.contains("boolean") || kinds.contains("number") => {
            add("a list for it".into(), path, placed(path, json!([])));
        }
        () => {}
    }
}

fn fault(said: &Said, wrong: &Wrong, ours: &Regex) -> Option<String> {
    let error = &said.body["error"];
    let (field, text) = (error["field"].as_str().unwrap_or_default(), message(said));
    let told = (said.status, error["code"].as_str(), field) == (400, Some("invalid"), wrong.field.as_str());
    let said = format!("{} {}: {}", said.status, wrong.field, said.body);
    (!told || text.len() < 5 || ours.is_match(text)).then_some(said)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_value_for_every_parameter_and_field_is_refused_by_its_name_in_a_sentence() {
    let world = World::new().await;
    let ids = Ids::make(&world).await;
    let (admin, ours) = (Some(world.keys[2].as_str()), Regex::new(OURS).unwrap());
    let (mut asked, mut faults) = (0, vec![]);
    for Route { method, path } in routes() {
        let operation =
            &driftguard::server::document()["paths"][format!("/api/v1{path}")][method.as_str().to_lowercase()];
        // Not taken at all, whatever it says.
        if operation["responses"].get("200").or(operation["responses"].get("201")).is_none()
            && operation["responses"].get("202").is_none()
        {
            continue;
        }
        // Of what nobody has signed nothing is looked at.
        if path.starts_with("/hooks/") {
            continue;
        }
        let at = if path.contains('{') { filled(&path, ids.of(&path).0) } else { path.clone() };
        let schema = operation["requestBody"]["content"]["application/json"].get("schema");
        let mut all = parameters(operation, &method, &path);
        if schema.is_some() {
            all.iter_mut().for_each(|wrong| wrong.body = Some(json!({})));
            // Without a login the body is all there is to a request.
            all.retain(|_| !path.starts_with("/auth/"));
        }
        schema.into_iter().for_each(|schema| fields(schema, &[], false, &mut all));
        for wrong in all {
            let said = world.send(admin, &method, &format!("{at}{}", wrong.query), wrong.body.as_ref()).await;
            asked += 1;
            let what = |why: String| {
                format!(
                    "{method} {path}{}, {} {}: {why}",
                    wrong.query,
                    wrong.what,
                    wrong.body.clone().unwrap_or_default()
                )
            };
            faults.extend(fault(&said, &wrong, &ours).map(what));
        }
    }
    assert!(faults.is_empty(), "{} of {asked}:\n{}", faults.len(), faults.join("\n"));
    assert!(asked > 1_000, "{asked}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_decision_and_no_account_may_say_is_refused_by_its_field() {
    let world = World::new().await;
    let ids = Ids::make(&world).await;
    let admin = Some(world.keys[2].as_str());
    let triage = format!("/drifts/{}/triage", ids.drift);
    let far = "9999-01-01T00:00:00Z";
    let password = super::PASSWORD;
    let grant = |pattern: &str| json!({"grants": [{"access": "act", "environments": pattern}]});
    for (path, body, field) in [
        (triage.as_str(), json!({"verb": {"assign": {"to": ""}}}), "verb.assign.to"),
        (&triage, json!({"verb": {"assign": {"to": "n".repeat(300)}}}), "verb.assign.to"),
        (&triage, json!({"verb": {"assign": {"to": "a\u{202e}b"}}}), "verb.assign.to"),
        (&triage, json!({"verb": {"snooze": {"until": far}}}), "verb.snooze.until"),
        (&triage, json!({"verb": {"note": {"text": "\u{200b}\u{2060}"}}}), "verb.note.text"),
        (&triage, json!({"verb": "acknowledge", "reason": "\u{200b}"}), "reason"),
        (&triage, json!({"verb": {"snooze": ["2030-01-01T00:00:00Z"]}}), "verb.snooze"),
        ("/users", json!({"username": "erin"}), "password"),
        ("/users", json!({"username": "robot", "kind": "service", "password": password}), "password"),
        ("/users", json!({"username": "..", "password": password}), "username"),
        ("/users", json!({"username": "a\u{202e}b", "password": password}), "username"),
        ("/users", json!({"username": "erin", "password": password, "display_name": "\u{202e}nire"}), "display_name"),
    ] {
        let said = world.send(admin, &Method::POST, path, Some(&body)).await;
        assert_eq!((said.status, &said.body["error"]["field"]), (400, &json!(field)), "{body}: {}", said.body);
    }
    let path = format!("/drifts/{}/resolve", ids.drift);
    let body = json!({"resolution_type": "accepted", "until": far, "reason": "x"});
    let said = world.send(admin, &Method::PUT, &path, Some(&body)).await;
    assert_eq!((said.status, &said.body["error"]["field"]), (400, &json!("until")), "{}", said.body);
    for pattern in ["prod-[ab]", "{a,b}", "prod eu", "", "prod\u{202e}"] {
        let said = world.send(admin, &Method::PATCH, "/users/editor-0", Some(&grant(pattern))).await;
        assert_eq!(said.status, 400, "{pattern:?}: {}", said.body);
        assert!(said.body["error"]["field"].as_str().unwrap().starts_with("grants[0].environments"), "{}", said.body);
    }
    for path in ["/environments/nosuch/untold", "/environments/..%2f/untold"] {
        assert_eq!(world.send(admin, &Method::GET, path, None).await.status, 404, "{path}");
    }
    let spans = ["/incident", "/contexts", "/audit", "/drifts", "/audit/security", "/audit/export"];
    for path in spans.map(|path| format!("{path}?from=2026-11-22T00:00:00Z&until=2026-11-21T00:00:00Z")) {
        let said = world.send(admin, &Method::GET, &path, None).await;
        assert_eq!((said.status, &said.body["error"]["field"]), (400, &json!("until")), "{path}: {}", said.body);
    }
    world.end().await;
}
