//! What is broken is called by its name, with its place and what to do; looking at it changes nothing.

use std::fs;
use std::path::Path;

use crate::store::{acknowledge, finding, scan as record, write};
use crate::support::{driftguard, run};

fn scan(home: &Path, text: &str) -> String {
    fs::write(home.join("x.json"), text).unwrap();
    let (code, out, err) = run(driftguard(home).args(["scan", "--no-store", "--state", "x.json", "--live", "x.json"]));
    assert_ne!(code, 0, "{out}{err}");
    out + &err
}

#[test]
fn a_file_that_breaks_off_is_called_truncated_on_both_sides() {
    let home = tempfile::tempdir().unwrap();
    for (text, place) in [
        ("{", "line 1, column 1, inside an object"),
        ("[1", "line 1, column 2, inside a list"),
        ("{\n\"a\": [", "line 2, column 6"),
    ] {
        let told = scan(home.path(), text);
        assert_eq!(told.matches(&format!("truncated JSON: the file ends at {place}")).count(), 2, "{told}");
        assert!(told.contains("Terraform state (version 4)") && told.contains("AWS Config snapshots"), "{told}");
        assert!(told.contains("Write the file again") && told.contains("record it again"), "{told}");
        assert!(!told.contains("empty JSON") && !told.contains("neither JSON"), "{told}");
    }
    let told = scan(home.path(), "[1]");
    assert!(
        told.contains("a JSON list") && told.contains("JSON of an unknown kind") && !told.contains("truncated"),
        "{told}"
    );
}

fn store_command(home: &Path, words: &[&str]) -> (i32, String) {
    let (code, out, err) = run(driftguard(home).args(["--store", "store", "store"]).args(words));
    (code, out + &err)
}

#[test]
fn verify_finds_a_torn_journal_and_repair_cuts_it() {
    let home = tempfile::tempdir().unwrap();
    {
        let store = write(&home.path().join("store")).store;
        let drifts = record(&*store, vec![finding("a")]);
        store.decide(acknowledge(drifts[0].id)).unwrap();
    }
    let (code, told) = store_command(home.path(), &["verify"]);
    assert!(code == 0 && told.contains("all is well"), "{told}");

    let journal = home.path().join("store/journal/000001.dgj");
    let mut bytes = fs::read(&journal).unwrap();
    bytes.extend([7; 5]);
    fs::write(&journal, &bytes).unwrap();
    for _ in 0..2 {
        let (code, told) = store_command(home.path(), &["verify"]);
        assert!(code == 1 && told.contains("5 bytes of an unfinished write"), "{told}");
        assert!(told.contains("driftguard store repair") && !told.contains("store verify"), "{told}");
        assert_eq!(fs::read(&journal).unwrap(), bytes, "looking changes nothing");
    }
    let (code, told) = store_command(home.path(), &["repair"]);
    assert!(code == 0 && told.contains("cut off") && told.contains("all is well"), "{told}");
    let (code, told) = store_command(home.path(), &["verify"]);
    assert!(code == 0 && told.contains("2 audit entries"), "{told}");
}
