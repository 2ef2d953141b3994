//! What whoever runs a store does to it: bring its schema up to date, check and take away its trails, print it on a page.

use std::fs;
use std::path::Path;

use driftguard::store::{OpenMode, open};
use serde_json::Value;

use super::postgres::Database;
use super::serving::{PASSWORD, accounts};
use super::store::{all, finding, note, scan};
use super::support::{driftguard, run};

fn on(home: &Path, store: &str, words: &str) -> (i32, String, String) {
    let mut command = driftguard(home);
    run(command.env("DRIFTGUARD_STORE", store).args(words.split(' ')))
}

#[test]
fn a_schema_is_looked_at_without_changing_it_and_then_brought_up_to_date() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("store").display().to_string();
    let said = |words: &str| on(home.path(), &place, words);
    let (code, out, _) = said("store migrate --check");
    assert!(code == 2 && out.contains("no schema, wanted 2: to be brought up to date"), "{out}");
    assert!(!home.path().join("store").exists(), "it only looked");
    assert_eq!((said("store migrate").0, said("store migrate --check").0), (0, 0));
    // As an older driftguard left it.
    let meta = home.path().join("store/meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    fs::write(&meta, text.replace("\"schema_version\": 2", "\"schema_version\": 1")).unwrap();
    let (code, out, _) = said("store migrate --check");
    assert!(code == 2 && out.contains("schema 1, wanted 2"), "{out}");
    let (code, out, err) = said("store migrate");
    assert!(
        code == 0 && out.contains("as it was before it lies in") && out.contains("schema 2, wanted 2: up to date"),
        "{out}{err}"
    );
}

#[test]
fn the_schema_of_a_database_is_brought_up_to_date_before_a_server_needs_it() {
    let Some(database) = Database::new() else { return };
    let home = tempfile::tempdir().unwrap();
    let said = |words: &str| on(home.path(), &database.url(), words);
    let (code, out, err) = said("store migrate --check");
    assert!(code == 2 && out.contains("no schema") && out.contains("  1: the store"), "{out}{err}");
    let (code, out, _) = said("store migrate --check");
    assert!(code == 2 && out.contains("no schema"), "it only looked: {out}");
    let (code, out, err) = said("store migrate");
    assert!(code == 0 && out.ends_with("up to date\n"), "{out}{err}");
    assert_eq!(said("store migrate --check").0, 0);
    database.does(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of the future', true, '', 0)",
    );
    let (code, _, err) = said("store migrate --check");
    assert!(code == 1 && err.contains("use the newer driftguard"), "{err}");
}

#[test]
fn all_of_a_trail_can_be_taken_away_and_a_span_of_it() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("store");
    let store = open(&place, OpenMode::ReadWrite).unwrap().store;
    scan(store.as_ref(), vec![finding("web")]);
    let drift = all(store.as_ref())[0].id;
    // More than are read at once.
    let notes = (0..1203).map(|n| note(drift, &format!("=note {n}"))).collect();
    assert!(store.decide_many(notes).iter().all(Result::is_ok));
    let middle = store.audit(700).unwrap().last().unwrap().timestamp;
    let newer = store.audit(2000).unwrap().iter().filter(|one| one.timestamp >= middle).count();
    drop(store);
    let place = place.display().to_string();
    let (code, out, err) = on(home.path(), &place, "audit export");
    let whole: Vec<Value> = serde_json::from_str(&out).unwrap();
    assert_eq!((code, whole.len()), (0, 1204), "the notes, and that the environment came: {err}");
    assert!(whole.windows(2).all(|two| two[0]["seq"].as_u64() > two[1]["seq"].as_u64()), "newest first, each once");
    let (_, out, _) = on(home.path(), &place, &format!("audit export --from {middle} --format csv"));
    assert_eq!(out.lines().count(), newer + 1);
    assert!(
        out.starts_with("seq,timestamp,actor,action,environment,drift,reason,old_state,new_state,user_id,principal,")
    );
    let (_, out, _) = on(home.path(), &place, "audit export --until 2020-01-01T00:00:00Z");
    assert_eq!(serde_json::from_str::<Vec<Value>>(&out).unwrap().len(), 0);
    let file = home.path().join("trail.json");
    let words = format!("audit export -o {}", file.display());
    assert_eq!(on(home.path(), &place, &words).0, 0);
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&file).unwrap()) & 0o777, 0o600);
    let (code, _, err) = on(home.path(), &place, &words);
    assert!(code == 1 && err.contains("trail.json: cannot be made"), "it is not overwritten: {err}");
}

#[test]
fn whoever_changed_either_trail_is_found_by_one_command() {
    let home = tempfile::tempdir().unwrap();
    accounts(home.path(), &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    let place = home.path().join("store");
    let store = open(&place, OpenMode::ReadWrite).unwrap().store;
    scan(store.as_ref(), vec![finding("web")]);
    store.decide(note(all(store.as_ref())[0].id, "looked at by mallory")).unwrap();
    drop(store);
    let place = place.display().to_string();
    let (code, out, err) = on(home.path(), &place, "audit verify");
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("decisions: 2 entries: nobody has tampered") && out.contains("accounts: 2 records, head "),
        "{out}"
    );
    let (_, out, _) = on(home.path(), &place, "audit export --kind security --organization acme --format csv");
    assert!(out.contains(",user_created,") && !out.contains(PASSWORD), "{out}");
    let journal = home.path().join("store/journal/000001.dgj");
    let bytes = fs::read(&journal).unwrap();
    let at = bytes.windows(7).position(|part| part == b"mallory").unwrap();
    let mut changed = bytes.clone();
    changed[at..at + 7].copy_from_slice(b"charlie");
    fs::write(&journal, changed).unwrap();
    let (code, out, err) = on(home.path(), &place, "audit verify");
    assert!(code == 1 && out.contains("decisions: ? entries: 1 fault(s)"), "{out}{err}");
    assert!(err.contains("keep a copy of the store"), "{err}");
}

#[test]
fn all_there_is_stands_on_one_page_without_its_secrets() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("store");
    let store = open(&place, OpenMode::ReadWrite).unwrap().store;
    let mut odd = finding("<script>alert(1)</script>");
    let redactor = driftguard::safety::Redactor::new([0; 32]);
    odd.changes[0].path = "password".into();
    odd.changes[0].actual =
        Some(redactor.mask("aws_db_instance", &serde_json::json!({"password": "hunter22-of-db"}), &[]));
    scan(store.as_ref(), vec![odd, finding("web")]);
    drop(store);
    let file = home.path().join("page.html");
    let words = format!("report --format html -o {}", file.display());
    let (code, out, err) = on(home.path(), &place.display().to_string(), &words);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let page = fs::read_to_string(file).unwrap();
    for view in ["index", "environments", "drifts", "recommendations", "settings"] {
        assert!(page.contains(&format!("<section id={view}>")), "{view}");
    }
    assert!(page.contains("web") && !page.contains("hunter22") && !page.contains("<script"), "{page}");
    assert!(page.contains("<td>log_level<td class=v>info"));
}
