//! Logging in from a bastion, with the real program.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use driftguard::accounts::By;
use driftguard::drift::Slug;

use super::{PASSWORD, World};
use crate::support;

/// Runs the real program with something on standard input.
fn say(home: &Path, words: &[&str], input: &str) -> (i32, String) {
    let mut command = support::driftguard(home);
    let command = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_from_a_bastion_is_kept_for_its_owner_alone_and_logout_ends_it_on_both_sides() {
    let world = World::new().await;
    let home = tempfile::tempdir().unwrap();
    let url = format!("http://{}", world.address);
    let (code, text) = say(home.path(), &["connect", &url], "");
    assert!(code == 1 && text.contains(&format!("driftguard login {url}")), "{text}");
    let login = ["login", &url, "--organization", "acme", "--username", "adam", "--password-file", "-"];
    let (code, text) = say(home.path(), &login, "not this");
    assert!(code == 1 && text.contains("organisation, name or password is wrong"), "{text}");
    let (code, text) = say(home.path(), &login, PASSWORD);
    assert!(code == 0 && text.contains("adam (admin) of acme is logged in"), "{text}");
    let logins = home.path().join("state/driftguard/logins");
    assert_eq!(std::fs::metadata(&logins).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in std::fs::read_dir(&logins).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        assert!(!std::fs::read_to_string(&path).unwrap().contains(PASSWORD));
    }
    let (by, acme) = (By::operator("root"), Slug::from_text("acme"));
    assert_eq!(world.registry.sessions(&by, &acme).unwrap().len(), 1);
    let (code, text) = say(home.path(), &["logout", &url], "");
    assert_eq!((code, world.registry.sessions(&by, &acme).unwrap().len()), (0, 0), "{text}");
    let (code, text) = say(home.path(), &["connect", &url], "");
    assert!(code == 1 && text.contains("nobody is logged in"), "{text}");

    let (code, text) = say(home.path(), &["login", &url, "--key-file", "-"], &world.keys[1]);
    assert!(code == 0 && text.contains("editor-0 (editor) of acme") && !text.contains(&world.keys[1]), "{text}");
    let (code, text) = say(home.path(), &["login", &url, "--key-file", "-"], "hunter2 hunter2");
    assert!(code == 1 && text.contains("dgk_") && !text.contains("hunter2"), "{text}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_taken_leaves_the_login_that_is_kept_as_it_was() {
    let world = World::new().await;
    let home = tempfile::tempdir().unwrap();
    let url = format!("http://{}", world.address);
    let (code, text) = say(home.path(), &["login", &url, "--key-file", "-"], &world.keys[1]);
    assert_eq!(code, 0, "{text}");
    let kept = || {
        let entries = std::fs::read_dir(home.path().join("state/driftguard/logins")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.map(|path| (std::fs::read(&path).unwrap(), path)).collect::<std::collections::BTreeSet<_>>()
    };
    let before = kept();
    let (by, acme) = (By::operator("root"), Slug::from_text("acme"));
    let keys = world.registry.api_keys(&by, &acme).unwrap();
    let revoked = keys.iter().find(|key| world.keys[0].starts_with(&key.prefix)).unwrap();
    world.registry.revoke_key(&by, &acme, revoked.id, None).unwrap();
    let never = format!("dgk_{}", "x".repeat(world.keys[0].len() - 4));
    for key in [&world.keys[0], &never] {
        let (code, text) = say(home.path(), &["login", &url, "--key-file", "-"], key);
        let why = "it is revoked, expired or of another server; nothing was changed";
        assert!(code == 1 && text.contains(&format!("the key is not taken by {url}")) && text.contains(why), "{text}");
        assert!(!text.contains(key.as_str()), "{text}");
        assert_eq!(kept(), before);
    }
    world.end().await;
}

#[test]
fn a_password_in_an_address_is_refused_and_not_repeated() {
    let home = tempfile::tempdir().unwrap();
    for command in ["connect", "login", "logout"] {
        let (code, text) = say(home.path(), &[command, "http://adam:hunter2@127.0.0.1:1"], "");
        assert!(code == 1 && text.contains("no credentials in the address") && !text.contains("hunter2"), "{text}");
    }
}
