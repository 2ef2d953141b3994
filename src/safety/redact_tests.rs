//! What the redactor must catch and what it must leave. Over 400 lines, because the vectors stand here one after the other.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::text::is_mark;
use super::*;
use crate::safety::vectors;

fn redactor() -> Redactor {
    Redactor::new([7; 32])
}

fn mask(resource_type: &str, value: &Value, sensitive: &[&str]) -> Value {
    let paths: Vec<PropertyPath> = sensitive.iter().map(|p| (*p).into()).collect();
    redactor().mask(resource_type, value, &paths).value().clone()
}

/// The secret, the ways it is written elsewhere, and its first eight characters.
fn traces(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let url = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
    vec![secret.to_owned(), STANDARD.encode(secret), hex, url, secret.chars().take(8).collect()]
}

#[track_caller]
fn assert_gone(secret: &str, shown: &str) {
    for trace in traces(secret) {
        assert!(!shown.contains(&trace), "{trace:?} is still in {shown}");
    }
}

/// A secret caught at one place, and written in every encoding at others.
fn with_copies(secret: &str, caught: (&str, Value)) -> Value {
    let hex: String = secret.bytes().map(|b| format!("{b:02X}")).collect();
    let url = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
    json!({
        caught.0: caught.1,
        "output": secret,
        "description": format!("before {secret} after"),
        "as_json": serde_json::to_string(&format!("<{secret}>")).unwrap(),
        "as_base64": STANDARD.encode(secret),
        "as_base64_2": STANDARD.encode(format!("x{secret}")),
        "as_base64_3": STANDARD.encode(format!("xy{secret}z")),
        "as_hex": hex,
        "as_url": format!("https://h/?q={url}&x=1"),
        "tags": { "note": secret, format!("k-{secret}"): "v" },
        "list": [[secret], { "deep": secret }],
    })
}

#[test]
fn a_marked_value_is_found_everywhere_in_every_encoding() {
    for secret in ["hunter2-SUPERSECRET", "quo\"te\\and/slash-é", "(a|b)*$`rm -rf`;'x'", "two words in it"] {
        let body = with_copies(secret, ("value", secret.into()));
        assert_gone(secret, &mask("terraform_data", &body, &["value"]).to_string());
    }
}

#[test]
fn the_same_secret_has_the_same_mark_and_another_one_another() {
    let body = json!({"password": "Tr0ub4dor&3", "copy": "Tr0ub4dor&3", "token": "q1w2e3r4t5"});
    let masked = mask("x", &body, &[]);
    assert_eq!(masked["password"], masked["copy"]);
    assert_ne!(masked["password"], masked["token"]);
    assert!(masked["password"].as_str().is_some_and(|m| is_mark(m) && m.chars().count() == 18), "{masked}");
    let other = Redactor::new([8; 32]).mask("x", &body, &[]);
    assert_ne!(masked["password"], other.value()["password"], "another store has other hashes");
}

#[test]
fn marks_reach_nested_lists_maps_and_sets() {
    let body =
        json!({"a": [{"b": {"c": ["s3cr3t-one", "s3cr3t-two"]}}], "set": ["s3cr3t-three"], "n": 42, "plain": "web"});
    let masked = mask("x", &body, &["a[0].b.c", "set[=s3cr3t-three]", "n"]);
    let shown = masked.to_string();
    for secret in ["s3cr3t-one", "s3cr3t-two", "s3cr3t-three", "42"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert_eq!(masked["plain"], "web");
}

#[test]
fn every_public_format_is_caught_without_any_mark() {
    for (name, secret) in vectors::secrets() {
        let body = json!({
            "note": format!("use {secret} for it"), "alone": secret, "tags": {"x": secret}, format!("key {secret}"): 1,
            "document": json!({"deep": [secret]}).to_string(),
            "base64": STANDARD.encode(format!("export X={secret}\n")),
        });
        let shown = mask("aws_instance", &body, &[]).to_string();
        let core = secret.rsplit(['/', '=']).find(|part| part.len() >= 8).unwrap_or(&secret);
        assert!(!shown.contains(core), "{name}: {shown}");
        assert!(!shown.contains(&STANDARD.encode(format!("export X={secret}\n"))), "{name}: {shown}");
        assert!(!redactor().mask_text(&format!("error: {secret} refused")).raw().contains(core), "{name}");
    }
}

#[test]
fn an_aws_secret_beside_its_id_is_caught() {
    let secret = vectors::aws_secret();
    let shown = mask("x", &json!({"id": "AKIAQ2W3E4R5T6Y7U2I3", "value": secret}), &[]).to_string();
    assert_gone(&secret, &shown);
    assert!(!shown.contains("AKIAQ2W3"));
}

#[test]
fn a_private_key_is_caught_with_real_and_with_escaped_line_ends() {
    for line_end in ["\n", "\\n", "\r\n"] {
        let pem = vectors::pem_key(line_end);
        let body = json!({"content": format!("# key\n{pem}\n# end"), "line": vectors::drawn(45, "abc", 3)});
        let shown = mask("local_file", &body, &[]).to_string();
        for line in pem.split(line_end).filter(|l| !l.starts_with('-')) {
            assert!(!shown.contains(line), "{line} in {shown}");
        }
        assert!(shown.contains("# key") && shown.contains("# end"));
    }
}

#[test]
fn credentials_in_an_address_are_taken_out_of_it() {
    let masked = mask("x", &json!({"url": "postgres://app:p4ss-w0rd@db.example.com:5432/shop"}), &[]);
    let url = masked["url"].as_str().unwrap();
    assert!(url.starts_with("postgres://app:«secret #") && url.ends_with("»@db.example.com:5432/shop"), "{url}");
}

#[test]
fn kubernetes_secrets_are_masked_even_when_they_are_invalid() {
    let applied =
        json!({"kind": "Secret", "data": {"pw": "aHVudGVyMi1TRUNSRVQ="}, "metadata": {"name": "db"}}).to_string();
    let body = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "db-credentials-x", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}},
        "data": {"pw": "aHVudGVyMi1TRUNSRVQ=", "port": 12345, "nested": {"a": [true, "deep-value"]}, "none": null},
        "stringData": {"plain": "hunter2-SECRET"},
        "type": "Opaque",
    });
    for resource_type in ["v1/Secret", "kubernetes_manifest"] {
        let masked = mask(resource_type, &body, &[]);
        let shown = masked.to_string();
        assert_gone("hunter2-SECRET", &shown);
        assert!(!shown.contains("12345") && !shown.contains("deep-value") && !shown.contains("aHVu"), "{shown}");
        assert_eq!(masked["data"]["none"], Value::Null);
        assert_eq!(masked["type"], "Opaque");
        assert_eq!(masked["metadata"]["name"], "db-credentials-x");
    }
    let broken = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"pw\":\"aHVudGVy"}}});
    assert!(!mask("v1/Secret", &broken, &[]).to_string().contains("aHVudGVy"));
}

#[test]
fn a_decoded_kubernetes_secret_is_found_in_other_resources() {
    let redactor = redactor();
    redactor.learn("v1/Secret", &json!({"kind": "Secret", "data": {"pw": "aHVudGVyMi1TRUNSRVQ="}}), &[]);
    let env = json!({"spec": {"containers": [{"env": [{"name": "X", "value": "hunter2-SECRET"}]}]}});
    assert_gone("hunter2-SECRET", &redactor.mask("apps/v1/Deployment", &env, &[]).value().to_string());
}

#[test]
fn packed_user_data_is_unpacked_and_masked_when_it_holds_a_secret() {
    use std::io::Write;
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    };
    let (guilty, innocent) = (gzip("#cloud-config\npassword: sunflower\n"), gzip("#cloud-config\npackages: [nginx]\n"));
    let plain = STANDARD.encode("#!/bin/sh\nexport DB_PASSWORD=sunflower\n");
    let body = json!({"user_data_base64": guilty, "other": innocent, "user_data": plain, "copy": "sunflower"});
    let masked = mask("aws_instance", &body, &[]);
    assert_gone("sunflower", &masked.to_string());
    assert!(masked["user_data_base64"].as_str().unwrap().starts_with("«secret"));
    assert!(masked["user_data"].as_str().unwrap().starts_with("«secret"));
    assert_eq!(masked["other"], innocent);
}

#[test]
fn a_low_entropy_password_known_only_by_its_name_is_caught() {
    let masked = mask("x", &json!({"db_password": "sunflower", "elsewhere": "the sunflower is yellow"}), &[]);
    assert_gone("sunflower", &masked.to_string());
}

#[test]
fn a_value_named_by_its_neighbour_is_caught() {
    let body = json!({"env": [{"name": "DB_PASSWORD", "value": "abc"}, {"name": "MODE", "value": "fast"}],
        "command": ["run", "--password", "xyz12", "--verbose", "no"]});
    let masked = mask("apps/v1/Deployment", &body, &[]);
    assert_ne!(masked["env"][0]["value"], "abc");
    assert_eq!(masked["env"][1]["value"], "fast");
    assert_ne!(masked["command"][2], "xyz12");
    assert_eq!(masked["command"][4], "no");
}

#[test]
fn trivial_marked_values_are_masked_in_place_and_nowhere_else() {
    let body = json!({"a": "true", "b": "1", "c": "", "d": null, "e": "production", "f": true, "g": 7,
        "other": {"flag": "true", "n": "1", "s": "", "env": "production", "text": "in production 1 is true", "b": true, "i": 7}});
    let masked = mask("x", &body, &["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(masked["other"], body["other"]);
    assert_eq!(masked["d"], Value::Null);
    for key in ["a", "b", "c", "e", "f", "g"] {
        assert!(masked[key].as_str().is_some_and(is_mark), "{key}: {masked}");
    }
}

#[test]
fn every_line_of_a_long_secret_is_a_secret() {
    let secret = "correct horse battery\nstaple and more words\nshort\n";
    let masked = mask("x", &json!({"pem": secret, "log": "saw: staple and more words", "s": "a short walk"}), &["pem"]);
    assert!(!masked["log"].as_str().unwrap().contains("staple"));
    assert_eq!(masked["s"], "a short walk");
}

#[test]
fn a_secret_wrapped_over_two_lines_is_found() {
    let redactor = redactor();
    redactor.learn("x", &json!({"password": "hunter2-SUPERSECRET"}), &[]);
    for text in ["out: hunter2-SU\nPERSECRET end", "out: hunter2-SU\r\n    PERSECRET end"] {
        let masked = redactor.mask_text(text);
        assert!(!masked.raw().contains("hunter2-SU") && !masked.raw().contains("PERSECRET"), "{:?}", masked.raw());
        assert!(masked.raw().starts_with("out: «secret #") && masked.raw().ends_with("» end"));
    }
}

#[test]
fn messages_of_providers_scripts_ldap_and_oidc_are_cleaned() {
    let redactor = redactor();
    for (text, secret) in [
        ("Error: 403 from api: {\"message\":\"denied\",\"api_key\":\"k3y-v4lue-x\"}", "k3y-v4lue-x"),
        ("+ export API_TOKEN=abcd1234efgh", "abcd1234efgh"),
        ("LDAP bind failed: cn=svc,dc=example password=B1ndPassw0rd (49)", "B1ndPassw0rd"),
        (
            "{\"error\":\"invalid_client\",\"error_description\":\"client_secret Zx81Spectrum48k is wrong\"}",
            "Zx81Spectrum48k",
        ),
        ("GET https://h/x?access_token=q1w2e3r4t5 failed", "q1w2e3r4t5"),
        ("Authorization: Bearer abcdefgh12345678abcdefgh", "abcdefgh12345678abcdefgh"),
    ] {
        assert_gone(secret, redactor.mask_text(text).raw());
    }
}

#[test]
fn a_rotated_secret_is_masked_on_both_sides_and_the_change_stays_visible() {
    let redactor = redactor();
    let (old, new) =
        (json!({"password": "old-Passw0rd"}), json!({"password": "new-Passw0rd", "log": "was old-Passw0rd"}));
    redactor.learn("x", &old, &[]);
    redactor.learn("x", &new, &[]);
    let (old, new) = (redactor.mask("x", &old, &[]), redactor.mask("x", &new, &[]));
    assert_ne!(old.value()["password"], new.value()["password"]);
    assert!(!format!("{old:?}{new:?}").contains("Passw0rd"));
}

#[test]
fn honest_look_alikes_stay_readable() {
    let look_alikes = vectors::look_alikes();
    for (key, value) in &look_alikes {
        for key in [*key, "value"] {
            if key == "value" && (value.ends_with('=') || value.len() == 40) {
                continue; // Without its name, such a digest cannot be told from a key.
            }
            let body = json!({ key: value, "text": format!("it is {value} here") });
            assert_eq!(mask("aws_instance", &body, &[]), body, "{key}");
        }
    }
    let fields = look_alikes.len();
    assert!(fields >= 30, "the rule of one percent needs fields to count");
}

#[test]
fn secrets_in_paths_are_masked() {
    let redactor = redactor();
    redactor.learn("x", &json!({"password": "hunter2-SUPERSECRET"}), &[]);
    let masked =
        |path: &str, sensitive: &[PropertyPath]| redactor.mask_path("x", &path.into(), sensitive).raw().to_owned();
    assert_gone("hunter2-SUPERSECRET", &masked("tags.hunter2-SUPERSECRET", &[]));
    assert_gone("abc1", &masked("passwords[=abc1]", &[]));
    assert_gone("abc1", &masked("list[=abc1].x", &["list".into()]));
    assert_gone("abc1", &masked("env[name=DB_PASSWORD,value=abc1]", &[]));
    assert_eq!(masked("env[name=DB_PASSWORD].value", &[]), "env[name=DB_PASSWORD].value");
    assert_eq!(masked("tags[\"a.b\"].c[3]", &[]), "tags[\"a.b\"].c[3]");
}

/// Keys with dots, brackets and quotes in them, wherever a path can hold one: as a step, as the name and as the value of what
/// identifies an element, above the secret and below it.
#[test]
fn secrets_under_quoted_keys_are_masked_in_every_place() {
    let redactor = redactor();
    let secret = "xK9-short";
    let body = json!({"a.b": {"db.password": secret}, "list": [{"api]key=": secret}], "e[0]": {"plain": "text"}});
    let masked = redactor.mask("x", &body, &[]);
    assert_gone(secret, &masked.value().to_string());
    assert_eq!(masked.value().pointer("/e[0]/plain"), Some(&json!("text")));
    for (path, keys) in [
        (r#"["a.b"]["db.password"]"#, "/a.b/db.password"),
        (r#"list[0]["api]key="]"#, "/list/0/api]key="),
        (r#"["e[0]"].plain"#, "/e[0]/plain"),
    ] {
        let value = body.pointer(keys).unwrap();
        let leaf = redactor.mask_leaf("x", &path.into(), value, &[]);
        assert_eq!(Some(leaf.value()), masked.value().pointer(keys), "{path}");
    }
    let marked: &[PropertyPath] = &[r#"tags["a.b"]"#.into()];
    let marked_leaf = |path: &str| redactor.mask_leaf("x", &path.into(), &json!("plain"), marked).value().clone();
    assert_ne!(marked_leaf(r#"tags["a.b"]"#), json!("plain"));
    assert_ne!(marked_leaf(r#"tags["a.b"].below[3]"#), json!("plain"));
    assert_eq!(marked_leaf("tags.a.b"), json!("plain"), "another key");

    let path = |path: &str| Redactor::new([7; 32]).mask_path("x", &path.into(), marked).raw().to_owned();
    for secret_path in [
        r#"env["db.password"="xK9-short"]"#,
        r#"env["db.password"=xK9-short,name=a]"#,
        r#"env[name="a=b,c","api]key="=xK9-short]"#,
        r#"tags["a.b"][="xK9-short"]"#,
        r#"["db.password"][=xK9-short]"#,
    ] {
        let shown = path(secret_path);
        assert_gone(secret, &shown);
        assert_eq!(
            crate::drift::path::parse(&shown).0.len(),
            crate::drift::path::parse(secret_path).0.len(),
            "{shown}"
        );
    }
    let token = format!("ghp_{}", "a1B2".repeat(9));
    for place in [format!("[\"k.{token}\"].x"), format!("l[\"k.{token}\"=1]"), format!("l[k=\"{token},\"]")] {
        assert_gone(&token, &path(&place));
    }
    assert_eq!(path(r#"l["a=b"="c,d"]["e.f"]"#), r#"l["a=b"="c,d"]["e.f"]"#);
}

#[test]
fn what_is_left_of_a_cut_path_holds_no_secret_either() {
    let redactor = redactor();
    let token = format!("ghp_{}", "a1B2".repeat(9));
    for path in [format!("tags.{token}…"), format!("env[password={token}…"), format!("env[name=\"{token}…")] {
        let shown = redactor.mask_path("x", &path.as_str().into(), &[]).raw().to_owned();
        assert_gone(&token, &shown);
        assert!(shown.ends_with('…'), "{shown}");
    }
    let plain = "spec.containers[name=app].env…";
    assert_eq!(redactor.mask_path("x", &plain.into(), &[]).raw(), plain);
}

#[test]
fn a_leaf_is_masked_as_it_is_inside_its_body() {
    let body = json!({
        "password": "abc", "tags": {"token": "q1w2e3r4t5", "Name": "web"}, "count": 3,
        "container_definitions": "[{\"name\":\"app\",\"environment\":[{\"name\":\"DB_PASSWORD\",\"value\":\"xyz\"}]}]",
        "env": [{"name": "DB_PASSWORD", "value": "short"}], "args": ["--password", "tiny"], "marked": {"a": [true, "x"]},
        "url": "https://u:s3cr3tpw@h/", "copy": "s3cr3tpw"
    });
    let redactor = redactor();
    let sensitive = ["marked".into()];
    let masked = redactor.mask("aws_ecs_task_definition", &body, &sensitive);
    let leaf = |path: &str, value: &Value| {
        redactor.mask_leaf("aws_ecs_task_definition", &path.into(), value, &sensitive).value().clone()
    };
    for (path, pointer) in [
        ("password", "/password"),
        ("tags.token", "/tags/token"),
        ("tags.Name", "/tags/Name"),
        ("count", "/count"),
        ("env[0].value", "/env/0/value"),
        ("env[name=DB_PASSWORD].value", "/env/0/value"),
        ("env[0]", "/env/0"),
        ("env", "/env"),
        ("args[1]", "/args/1"),
        ("marked.a[1]", "/marked/a/1"),
        ("marked", "/marked"),
        ("url", "/url"),
        ("copy", "/copy"),
        ("container_definitions", "/container_definitions"),
    ] {
        assert_eq!(leaf(path, body.pointer(pointer).unwrap()), *masked.value().pointer(pointer).unwrap(), "{path}");
    }
    let inner = leaf("container_definitions[name=app].environment[name=DB_PASSWORD].value", &json!("xyz"));
    assert!(inner.as_str().is_some_and(is_mark));
}

#[test]
fn a_redactor_is_shared_between_threads() {
    let redactor = redactor();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let redactor = &redactor;
            scope.spawn(move || {
                for i in 0..50 {
                    let secret = format!("s3cret-{thread}-{i}-value");
                    let masked = redactor.mask("x", &json!({"password": secret, "copy": secret}), &[]);
                    assert!(!masked.value().to_string().contains(&secret));
                }
            });
        }
    });
}

/// JSON trees with secrets, marks and hostile text in them.
fn tree() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z]{0,6}",
        "password=[a-z0-9]{3,12}",
        "[A-Za-z0-9+/]{16,44}",
        Just("hunter2-SUPERSECRET".to_owned()),
        Just("x hunter2-SUPERSECRET y".to_owned()),
        Just("«secret #a1b2c3d4»".to_owned()),
        Just("{\"password\":\"hunter2-SUPERSECRET\"}".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        Just(Value::Null)
    ];
    let key = prop::sample::select(vec![
        "password",
        "name",
        "value",
        "data",
        "kind",
        "token",
        "tags",
        "a",
        "secret",
        "id",
        "user_data",
    ]);
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

#[test]
fn passwords_in_other_languages_and_in_password_files_are_masked_and_words_like_them_are_not() {
    for text in [
        "passwort=Tigger7",
        "Passwort: Tigger7",
        "db.mot_de_passe=Tigger7",
        "Mot de passe : Tigger7",
        "export MOT_DE_PASSE='Tigger7'",
        "contraseña=Tigger7",
        "contrasen\u{303}a=Tigger7",
        "usuario=web contrasena=Tigger7",
        "senha=Tigger7",
        "DB_SENHA=\"Tigger7\"",
        "# shop\nlocalhost:5433:shop:web:Tigger7\n",
    ] {
        let masked = redactor().mask_text(text);
        assert!(!masked.raw().contains("Tigger7") && masked.raw().contains("«secret #"), "{text}: {}", masked.raw());
        let body = mask("aws_instance", &json!({"user_data": format!("#!/bin/sh\n{text}\n")}), &[]);
        assert!(!body.to_string().contains("Tigger7"), "{body}");
    }
    let named =
        json!({"mot_de_passe": "Tigger7", "contraseña": "Tigger7", "db_senha": "Tigger7", "passwort": "Tigger7"});
    assert!(!mask("x", &named, &[]).to_string().contains("Tigger7"));
    for text in [
        "resenha=positiva",
        "contraste=alto",
        "passeport=francais",
        "senha_length=12",
        "a:8080:blue:green:live",
        "db.example.com:5432/shop",
    ] {
        assert_eq!(redactor().mask_text(text).raw(), text);
    }
}

proptest! {
    #[test]
    fn masking_twice_is_masking_once_and_no_marked_secret_survives(value in tree()) {
        let redactor = redactor();
        let body = json!({"seed": "hunter2-SUPERSECRET", "rest": value});
        let once = redactor.mask("x", &body, &["seed".into()]);
        let twice = redactor.mask("x", once.value(), &["seed".into()]);
        prop_assert_eq!(once.value(), twice.value());
        prop_assert!(!once.value().to_string().contains("hunter2-SUPER"));
    }

    #[test]
    fn every_leaf_agrees_with_its_body(value in tree()) {
        let redactor = redactor();
        let body = json!({"rest": value});
        let masked = redactor.mask("x", &body, &[]);
        let rest = redactor.mask_leaf("x", &"rest".into(), &body["rest"], &[]);
        prop_assert_eq!(&masked.value()["rest"], rest.value());
        for (key, child) in body["rest"].as_object().into_iter().flatten() {
            let leaf = redactor.mask_leaf("x", &format!("rest.{key}").into(), child, &[]);
            prop_assert_eq!(&masked.value()["rest"][key], leaf.value(), "{}", key);
        }
    }

    #[test]
    fn what_has_four_parts_or_no_port_is_no_line_of_a_password_file(parts in prop::collection::vec("[bdfgjm]{1,8}", 1..9), port in 1_u32..65_536) {
        let four = format!("{}:{port}:{}", parts[0], parts.iter().skip(1).take(2).cloned().collect::<Vec<_>>().join(":"));
        for text in [parts.join(":"), four] {
            let masked = redactor().mask_text(&text);
            prop_assert_eq!(masked.raw(), text.as_str());
        }
    }

    #[test]
    fn any_text_is_taken(text in any::<String>()) {
        let redactor = redactor();
        let once = redactor.mask_text(&text);
        prop_assert_eq!(redactor.mask_text(once.raw()), once.clone());
    }
}

#[test]
#[ignore = "a measurement: cargo test --release --lib redaction_speed -- --ignored --nocapture"]
fn redaction_speed() {
    let policy =
        json!({"Statement": [{"Action": ["s3:GetObject"], "Effect": "Allow", "Resource": "arn:aws:s3:::b/*"}]})
            .to_string();
    let bodies: Vec<Value> = (0..40_000u64)
        .map(|i| {
            let mut body = json!({
                "id": format!("i-{:017x}", i * 7919), "arn": format!("arn:aws:ec2:eu-west-1:123456789012:instance/i-{i:017x}"),
                "instance_type": "m5.large", "subnet_id": format!("subnet-{:017x}", i % 7), "monitoring": false,
                "policy": policy, "root_block_device": [{"volume_size": 50, "encrypted": true, "volume_id": format!("vol-{i:017x}")}],
                "tags": {"Name": format!("web-{i}"), "team": "shop", "environment": "production"}, "key_name": "deploy",
                "metadata_options": [{"http_tokens": "required", "http_endpoint": "enabled"}], "user_data": null,
                "vpc_security_group_ids": [format!("sg-{:017x}", i % 11), format!("sg-{:017x}", i % 13)],
            });
            if i % 20 == 0 {
                body["password"] = vectors::drawn(i + 1, "abcdefghijklmnop0123456789", 16).into();
            }
            body
        })
        .collect();
    let bytes: usize = bodies.iter().map(|b| b.to_string().len()).sum();
    let redactor = redactor();
    let start = std::time::Instant::now();
    bodies.iter().for_each(|b| redactor.learn("aws_instance", b, &[]));
    let learned = start.elapsed();
    let start = std::time::Instant::now();
    bodies.iter().for_each(|b| {
        std::hint::black_box(redactor.mask("aws_instance", b, &[]));
    });
    let masked = start.elapsed();
    let speed = |t: std::time::Duration| bytes as f64 / 1e6 / t.as_secs_f64();
    println!("{} MB: learn {:.0} MB/s, mask {:.0} MB/s", bytes / 1_000_000, speed(learned), speed(masked));
}

/// Masked scalars of a document, with their paths.
fn masked_leaves(before: &Value, after: &Value, path: String, out: &mut Vec<String>) -> usize {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter().map(|(k, v)| masked_leaves(v, b.get(k).unwrap_or(&Value::Null), format!("{path}.{k}"), out)).sum()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.iter().zip(b).map(|(x, y)| masked_leaves(x, y, path.clone(), out)).sum()
        }
        (a, b) => {
            if a != b {
                out.push(format!("{path} = {}", a.to_string().chars().take(60).collect::<String>()));
            }
            1
        }
    }
}

fn json_files(dir: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            json_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "json" || e == "tfstate") {
            out.push(path);
        }
    }
}

/// Recorded resources hold few secrets: what is masked in them is nearly all by mistake.
#[test]
fn recorded_resources_stay_readable() {
    let Some(root) = crate::testing::shared("fixtures/aws") else { return };
    let mut files = vec![];
    json_files(&root, &mut files);
    json_files(&root.join("../terraform"), &mut files);
    let (mut leaves, mut masked) = (0, vec![]);
    for file in files {
        let Ok(value) = serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()) else { continue };
        let after = redactor().mask("recorded", &value, &[]);
        leaves +=
            masked_leaves(&value, after.value(), file.file_name().unwrap().to_string_lossy().into_owned(), &mut masked);
    }
    println!("{} of {leaves} masked\n{}", masked.len(), masked.join("\n"));
    assert!(masked.len() * 100 <= leaves, "{} of {leaves} values are masked", masked.len());
}
