//! `driftguard store` gives room back and forgets what it is told to, and a backup becomes a store again.

use std::path::Path;
use std::process::{Command, Stdio};

use driftguard::store::Store;

use crate::store::{acknowledge, all, assert_sound, finding, scan, write};
use crate::support::{driftguard, run};

fn store_command(home: &Path, store: &Path, words: &[&str]) -> Command {
    let mut command = driftguard(home);
    command.arg("--store").arg(store).args(words).stdin(Stdio::null());
    command
}

/// A store with three drifts, one of them acknowledged.
fn filled(path: &Path) {
    let store = write(path).store;
    let drifts = scan(&*store, ["a", "b", "c"].map(finding).to_vec());
    store.decide(acknowledge(drifts[0].id)).unwrap();
}

#[test]
fn compact_and_prune_say_what_they_did_and_lose_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("store");
    let (code, _, err) = run(&mut store_command(home.path(), &path, &["store", "compact"]));
    assert!(code == 1 && err.contains("there is no store"), "{err}");
    filled(&path);
    let (code, out, err) = run(&mut store_command(home.path(), &path, &["store", "compact"]));
    assert!(code == 0 && out.contains("compacted"), "{out}{err}");
    let (code, out, err) = run(&mut store_command(home.path(), &path, &["store", "prune"]));
    assert!(code == 0 && out.starts_with("0 drifts"), "{out}{err}");
    let store = write(&path).store;
    assert_eq!((all(&*store).len(), store.audit(9).unwrap().len()), (3, 2));
    assert_sound(&*store);
}

#[test]
fn an_environment_is_forgotten_only_by_who_says_so() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("store");
    filled(&path);
    let (code, _, err) = run(&mut store_command(home.path(), &path, &["store", "forget", "prod"]));
    assert!(code == 1 && err.contains("3 drifts of prod") && err.contains("nothing was deleted"), "{err}");
    assert_eq!(all(&*write(&path).store).len(), 3);
    let (code, _, err) = run(&mut store_command(home.path(), &path, &["store", "forget", "elsewhere", "--yes"]));
    assert!(code == 1 && err.contains("no environment elsewhere"), "{err}");
    let (code, out, err) = run(&mut store_command(home.path(), &path, &["store", "forget", "prod", "--yes"]));
    assert!(code == 0 && out.contains("3 drifts"), "{out}{err}");
    let store = write(&path).store;
    assert!(all(&*store).is_empty());
    assert_eq!(store.audit(9).unwrap().len(), 3, "that it came, the decision, and that it was forgotten");
    assert_sound(&*store);
}

#[test]
fn a_backup_is_imported_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let (path, restored) = (home.path().join("store"), home.path().join("restored"));
    filled(&path);
    let backup = write(&path).store.backup_if_due().unwrap().unwrap();
    assert_eq!(backup.parent(), Some(home.path().join("backups").as_path()));
    let file = backup.to_str().unwrap();
    let (code, _, err) = run(&mut store_command(home.path(), &restored, &["import", file]));
    assert!(code == 0 && err.contains("records read"), "{err}");
    let (old, new) = (write(&path).store, write(&restored).store);
    let states = |store: &dyn Store| all(store).iter().map(|e| (e.id, e.state)).collect::<Vec<_>>();
    assert_eq!(states(&*old), states(&*new));
    assert_sound(&*new);
}

#[test]
fn a_directory_that_is_no_store_is_left_alone() {
    use std::os::unix::fs::PermissionsExt;

    let home = tempfile::tempdir().unwrap();
    let plain = home.path().join("plain");
    std::fs::create_dir(&plain).unwrap();
    std::fs::write(plain.join("notes.txt"), "mine").unwrap();
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o755)).unwrap();
    for command in [&["store", "verify"][..], &["rules"], &["export", "-"], &["store", "compact"], &["store", "prune"]]
    {
        let (code, _, err) = run(driftguard(home.path()).args(["--store", "plain"]).args(command));
        assert!(code == 1 && err.contains("there is no store at"), "{command:?}: {code} {err}");
    }
    let configured = "[[environment]]\nslug = \"here\"\ncloud_provider = \"host\"\nstate = [\"a.tfstate\"]\n";
    std::fs::write(home.path().join("c.toml"), configured).unwrap();
    let (_, _, err) = run(driftguard(home.path()).args(["--store", "plain", "--config", "c.toml", "scan"]));
    assert!(err.contains("other files in it") && err.contains("without the store"), "{err}");
    assert_eq!(std::fs::metadata(&plain).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(std::fs::read_dir(&plain).unwrap().count(), 1);
}
