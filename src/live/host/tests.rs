use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::*;
use crate::declared::InstanceStatus;

fn declared(state: &Path, kind: &str, values: Value) -> DeclaredResource {
    DeclaredResource {
        address: format!("{kind}.x").into(),
        resource_type: kind.into(),
        provider: "registry.terraform.io/hashicorp/local".into(),
        values,
        sensitive: vec![],
        dependencies: vec![],
        status: InstanceStatus::Normal,
        source: Arc::new(state.display().to_string().into()),
    }
}

fn found(lookup: Lookup) -> LiveResource {
    match lookup {
        Lookup::Found(live) => *live,
        other => panic!("not found: {other:?}"),
    }
}

/// A directory with a state path and one file `motd` holding `hello`, mode 0644.
fn world() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("motd"), "hello").unwrap();
    std::fs::set_permissions(home.path().join("motd"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let state = home.path().join("terraform.tfstate");
    (home, state)
}

#[test]
fn an_untouched_file_has_the_declared_values() {
    let (_home, state) = world();
    let values = json!({
        "filename": "motd", "content": "hello", "content_base64": null, "file_permission": "0644", "directory_permission": "0777",
        "id": "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", "content_md5": "5d41402abc4b2a76b9719d911017c592",
        "content_base64sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        "content_sha512": "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043",
    });
    let live = found(HostFiles::new().lookup(&declared(&state, "local_file", values.clone()), &[]));
    for (key, value) in live.values.as_object().unwrap() {
        assert_eq!(value, &values[key], "{key}");
    }
    let Observable::Paths(paths) = &live.observable else { panic!("everything claimed observable") };
    assert!(!paths.iter().any(|p| p == "directory_permission" || p == "content_base64"), "{paths:?}");
    assert_eq!(paths.len(), 7);
}

#[test]
fn changed_content_and_permission_are_seen() {
    let (home, state) = world();
    std::fs::write(home.path().join("motd"), "HACKED").unwrap();
    std::fs::set_permissions(home.path().join("motd"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let values = json!({"filename": "motd", "content": "hello", "file_permission": "0644"});
    let live = found(HostFiles::new().lookup(&declared(&state, "local_file", values), &[]));
    assert_eq!(live.values["content"], "HACKED");
    assert_eq!(live.values["file_permission"], "0600");
}

#[test]
fn permissions_are_compared_after_the_umask_and_in_any_spelling() {
    let cases = [("0644", 0o644, "0644"), ("644", 0o644, "644"), ("0777", 0o755, "0777"), ("0777", 0o775, "0777")];
    let drifts = [("0777", 0o700, "0700"), ("0644", 0o600, "0600"), ("0644", 0o4644, "4644"), ("0600", 0o644, "0644")];
    for (declared, mode, expected) in cases.into_iter().chain(drifts) {
        let (home, state) = world();
        std::fs::set_permissions(home.path().join("motd"), std::fs::Permissions::from_mode(mode)).unwrap();
        let values = json!({"filename": "motd", "file_permission": declared});
        let live = found(HostFiles::new().lookup(&super::tests::declared(&state, "local_file", values), &[]));
        assert_eq!(live.values["file_permission"], expected, "{declared} {mode:o}");
    }
}

#[test]
fn a_missing_file_is_missing_and_so_is_one_below_a_file() {
    let (_home, state) = world();
    for name in ["gone", "motd/below"] {
        let gone = declared(&state, "local_file", json!({"filename": name, "content": "x"}));
        assert_eq!(HostFiles::new().lookup(&gone, &[]), Lookup::Missing, "{name}");
    }
}

#[test]
fn a_fifo_a_directory_and_a_device_never_block_and_are_seen_as_modified() {
    let (home, state) = world();
    let fifo = home.path().join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, 0o644.into()).unwrap();
    std::fs::create_dir(home.path().join("directory")).unwrap();
    let cases = [("fifo", "a FIFO"), ("directory", "a directory"), ("/dev/zero", "a device")];
    for (name, kind) in cases {
        let resource = declared(&state, "local_file", json!({"filename": name, "content": "x", "content_md5": "y"}));
        let live = found(HostFiles::new().lookup(&resource, &[]));
        assert_eq!(live.values["content"], format!("not a regular file but {kind}"));
    }
}

#[test]
fn an_unreadable_file_is_unknown_and_names_its_path() {
    if rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: root may read everything");
        return;
    }
    let (home, state) = world();
    std::fs::set_permissions(home.path().join("motd"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let resource = declared(&state, "local_file", json!({"filename": "motd", "content": "hello"}));
    match HostFiles::new().lookup(&resource, &[]) {
        Lookup::Unknown(UnverifiedReason::Denied, detail) => assert!(detail.raw().contains("motd")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_denied_read_is_told_apart_from_a_missing_file() {
    let denied = io::Error::from(io::ErrorKind::PermissionDenied);
    assert!(
        matches!(failed(Path::new("/etc/shadow"), &denied), Lookup::Unknown(UnverifiedReason::Denied, d) if d.raw().contains("/etc/shadow"))
    );
    let looped = io::Error::from_raw_os_error(rustix::io::Errno::LOOP.raw_os_error());
    assert!(matches!(failed(Path::new("x"), &looped), Lookup::Unknown(UnverifiedReason::SourceFailed, _)));
}

#[test]
fn content_of_a_huge_file_is_left_unverified_but_its_digest_is_not() {
    let (home, state) = world();
    std::fs::File::create(home.path().join("huge")).unwrap().set_len((64 << 20) + 1).unwrap();
    let values = json!({"filename": "huge", "content": "x", "content_md5": "x"});
    let live = found(HostFiles::new().lookup(&declared(&state, "local_file", values), &[]));
    assert_eq!(live.values.get("content"), None);
    assert!(live.values["content_md5"].as_str().is_some_and(|d| d.len() == 32));
    assert_eq!(live.observable, Observable::Paths(vec!["content_md5".to_owned(), "filename".to_owned()].into()));
}

#[test]
fn bytes_that_are_no_utf8_are_shown_without_loss() {
    let (home, state) = world();
    std::fs::write(home.path().join("motd"), [0xff, 0x00]).unwrap();
    let values = json!({"filename": "motd", "content": "hello", "content_base64": "/wA="});
    let live = found(HostFiles::new().lookup(&declared(&state, "local_file", values), &[]));
    assert_eq!(live.values["content"], "not UTF-8, in base64: /wA=");
    assert_eq!(live.values["content_base64"], "/wA=");
}

#[test]
fn everything_that_tells_a_sensitive_files_content_is_sensitive() {
    let (_home, state) = world();
    let values =
        json!({"filename": "motd", "content": "s3cret", "content_sha1": "x", "id": "x", "file_permission": "0600"});
    let live = found(HostFiles::new().lookup(&declared(&state, "local_sensitive_file", values), &[]));
    let paths: Vec<&str> = live.sensitive.iter().map(PropertyPath::raw).collect();
    assert_eq!(paths, ["content", "content_sha1", "id"]);
}

#[test]
fn a_relative_name_starts_where_terraform_was_run() {
    assert_eq!(configuration_directory("infra/terraform.tfstate"), Path::new("infra"));
    assert_eq!(configuration_directory("infra/terraform.tfstate.d/prod/terraform.tfstate"), Path::new("infra"));
    assert_eq!(configuration_directory("terraform.tfstate"), Path::new(""));
}

#[test]
fn files_looked_up_are_watched_even_when_missing() {
    let (home, state) = world();
    let host = HostFiles::new();
    host.lookup(&declared(&state, "local_file", json!({"filename": "gone"})), &[]);
    assert_eq!(host.watch_paths(), [home.path().join("gone")]);
}
