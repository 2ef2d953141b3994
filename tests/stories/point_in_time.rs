//! A backup taken while others write is whole, and goes back to any time that its trail tells of.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use driftguard::drift::{Closure, DriftEvent, DriftId, State, TriageRequest, TriageVerb};
use driftguard::service::DriftService;
use driftguard::store::{OpenMode, Options, Store, open_url};
use jiff::Timestamp;

use super::conformance::{self, Bench, open_drifts};
use super::postgres::Database;
use super::remote::Connected;
use super::store::{acknowledge, all, assert_sound, finding, note, scan, write};
use super::support::{driftguard, run};

/// The command on a store, which ends well; what it said.
fn says(home: &Path, store: &str, words: &[&str]) -> (String, String) {
    let (code, out, err) = run(driftguard(home).env("DRIFTGUARD_STORE", store).args(words));
    assert_eq!(code, 0, "{words:?}\n{out}{err}");
    (out, err)
}

fn by_id(store: &dyn Store, id: &str) -> DriftEvent {
    all(store).into_iter().find(|drift| drift.resource.resource_id.raw() == id).unwrap()
}

/// Decisions before and after a moment, of which the command is told; gives the moment.
fn history(store: &dyn Store) -> Timestamp {
    scan(store, vec![finding("vpc-1"), finding("vpc-2")]);
    store.decide(acknowledge(by_id(store, "vpc-1").id)).unwrap();
    store.decide(note(by_id(store, "vpc-2").id, "asked the network team")).unwrap();
    let moment = Timestamp::now();
    let verb = TriageVerb::Reopen;
    store.decide(TriageRequest { verb, ..note(by_id(store, "vpc-1").id, "") }).unwrap();
    store.decide(note(by_id(store, "vpc-2").id, "no answer")).unwrap();
    scan(store, vec![finding("vpc-1"), finding("vpc-3")]);
    moment
}

fn is_as_it_was(store: &dyn Store) {
    let mut found: Vec<_> = all(store)
        .into_iter()
        .map(|drift| (drift.resource.resource_id.raw().to_owned(), drift.state, drift.note_count, drift.closure))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let then = [("vpc-1".to_owned(), State::Acknowledged, 0, None), ("vpc-2".to_owned(), State::Open, 1, None)];
    assert_eq!(found, then);
    let acts: Vec<String> = store.audit(10).unwrap().into_iter().map(|entry| entry.action).collect();
    assert_eq!(&acts[..2], ["note", "acknowledge"]);
    assert_sound(store);
    // It goes on from there.
    scan(store, vec![finding("vpc-1")]);
    assert_eq!(by_id(store, "vpc-2").closure, Some(Closure::Healed));
    assert_sound(store);
}

#[test]
fn an_export_goes_back_to_a_time_in_a_directory_and_in_a_database() {
    let home = tempfile::tempdir().unwrap();
    let first = home.path().join("first");
    let moment = history(write(&first).store.as_ref());
    let file = home.path().join("export.jsonl");
    says(home.path(), first.to_str().unwrap(), &["export", file.to_str().unwrap()]);
    let import = ["import", file.to_str().unwrap(), "--until", &moment.to_string()];
    let back = home.path().join("back");
    let (_, err) = says(home.path(), back.to_str().unwrap(), &import);
    assert!(err.contains("later ones left out"), "{err}");
    assert!(err.contains("are those of the export (1 of 2 were seen again since)"), "{err}");
    is_as_it_was(write(&back).store.as_ref());

    let bad = ["import", file.to_str().unwrap(), "--until", "yesterdai"];
    let other = home.path().join("other");
    let (code, _, err) = run(driftguard(home.path()).env("DRIFTGUARD_STORE", &other).args(bad));
    assert_eq!(code, 1);
    assert!(err.contains("--until yesterdai: no time; now, -15m"), "{err}");

    let Some(database) = Database::new() else { return };
    let acme = driftguard::drift::Slug::from_text("acme");
    let url = database.url();
    let (code, out, err) =
        run(driftguard(home.path()).env("DRIFTGUARD_STORE", &url).env("DRIFTGUARD_ORGANIZATION", "acme").args(import));
    assert_eq!(code, 0, "{out}{err}");
    let store = open_url(&url, &acme, OpenMode::ReadWrite, Options::default()).unwrap().store;
    is_as_it_was(store.as_ref());
}

/// Writes notes until it is told to stop, one on each drift in turn; counts what was acknowledged.
async fn write_notes(service: Arc<dyn DriftService>, ids: Vec<DriftId>, stop: Arc<AtomicBool>, done: Arc<AtomicU32>) {
    for id in ids.iter().cycle() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        service.triage(note(*id, "again")).await.unwrap();
        done.fetch_add(1, Ordering::SeqCst);
    }
}

/// Exports three times under the pen of two clients; each export has what was acknowledged before it began, and is whole.
async fn exports_are_whole(home: PathBuf, place: String, bench: Connected) {
    conformance::settle(&bench).await;
    (0..4).for_each(|thing| bench.disturb(thing, true));
    conformance::scan(&bench).await;
    let ids: Vec<DriftId> = open_drifts(bench.service().as_ref()).await.iter().map(|drift| drift.id).collect();
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let client = || tokio::spawn(write_notes(bench.service(), ids.clone(), Arc::clone(&stop), Arc::clone(&done)));
    let clients = [client(), client()];
    for round in 0..3 {
        let (home, place, done) = (home.clone(), place.clone(), Arc::clone(&done));
        let exported = move || {
            while done.load(Ordering::SeqCst) < 20 * (round + 1) {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let before = done.load(Ordering::SeqCst);
            let file = home.join(format!("export-{round}.jsonl"));
            says(&home, &place, &["export", file.to_str().unwrap()]);
            let after = done.load(Ordering::SeqCst);
            let copy = home.join(format!("copy-{round}"));
            says(&home, copy.to_str().unwrap(), &["import", file.to_str().unwrap()]);
            says(&home, copy.to_str().unwrap(), &["store", "verify"]);
            let notes: u32 = all(write(&copy).store.as_ref()).iter().map(|drift| drift.note_count).sum();
            // One a client may have been written and not yet acknowledged.
            assert!((before..=after + 2).contains(&notes), "{before} before, {notes} in it, {after} after");
        };
        tokio::task::spawn_blocking(exported).await.unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_under_two_writing_clients_has_what_was_acknowledged_and_is_sound() {
    let home = tempfile::tempdir().unwrap();
    let bench = Connected::new(home.path()).await;
    let place = home.path().join("store").display().to_string();
    exports_are_whole(home.path().to_owned(), place, bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_a_database_under_two_writing_clients_is_as_whole() {
    let Some(database) = Database::new() else { return };
    let home = tempfile::tempdir().unwrap();
    let place = database.url();
    let (store, database) = tokio::task::spawn_blocking(move || (database.open("local"), database)).await.unwrap();
    let bench = Connected::on(home.path(), store).await;
    exports_are_whole(home.path().to_owned(), place, bench).await;
    drop(database);
}

#[test]
fn times_that_are_none_are_refused_with_what_would_be_understood() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("store");
    scan(write(&place).store.as_ref(), vec![finding("vpc-1")]);
    let place = place.to_str().unwrap();
    let (code, _, err) =
        run(driftguard(home.path()).env("DRIFTGUARD_STORE", place).args(["audit", "export", "--from", "yesterdai"]));
    assert_eq!(code, 1);
    assert!(err.contains("--from yesterdai: no time; now, -15m, +2h, 02:40"), "{err}");
    let (out, err) = says(home.path(), place, &["audit", "export", "--from", "-15m", "--until", "now"]);
    assert!(out.starts_with('[') && err.contains("entries written"), "{out}{err}");
}

#[test]
fn what_was_thrown_away_is_listed_from_the_archive() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("store");
    {
        let long_ago = Timestamp::now() - jiff::SignedDuration::from_hours(24 * 100);
        let opened = driftguard::store::open_at(&place, move || long_ago).unwrap();
        let id = opened.store.begin_scan(&finding("vpc-1").environment, long_ago).unwrap();
        opened.store.record(id, vec![finding("vpc-1"), finding("vpc-2")]).unwrap();
        let summary = driftguard::drift::ScanSummary::of_nothing(id, finding("vpc-1").environment, long_ago);
        opened.store.finish_scan(id, summary).unwrap();
        let id = opened.store.begin_scan(&finding("vpc-1").environment, long_ago).unwrap();
        let summary = driftguard::drift::ScanSummary::of_nothing(id, finding("vpc-1").environment, long_ago);
        opened.store.finish_scan(id, summary).unwrap();
    }
    let place = place.to_str().unwrap();
    let (out, err) = says(home.path(), place, &["store", "prune"]);
    assert!(out.contains("2 drifts") && err.contains("the archive has what was thrown away"), "{out}{err}");
    let (out, err) = says(home.path(), place, &["store", "archived"]);
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(out.contains("drift healed prod aws_vpc vpc-1 cidr_block") && err.contains("2 of 2 records"), "{out}{err}");
    let (out, _) = says(home.path(), place, &["store", "archived", "--find", "vpc-2", "--json"]);
    let record: serde_json::Value = serde_json::from_str(out.trim()).unwrap();
    assert_eq!(record["drift"]["resource"]["resource_id"], "vpc-2");
    let off = run(driftguard(home.path())
        .env("DRIFTGUARD_STORE", place)
        .env("DRIFTGUARD_ARCHIVE", "off")
        .args(["store", "archived"]));
    assert!(off.0 == 1 && off.2.contains("nothing is archived"), "{}", off.2);
}
