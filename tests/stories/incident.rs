//! `driftguard incident`: what changed in a span of time, to hand on.

use crate::support::{driftguard, run};

/// A host file that is declared with `declared` and holds `live`; configured as `prod-web`, scanned once.
fn world(declared: &str, live: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("motd");
    std::fs::write(&file, live).unwrap();
    let state = serde_json::json!({"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {},
        "resources": [{"mode": "managed", "type": "local_file", "name": "motd",
            "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
            "instances": [{"schema_version": 0, "attributes": {
                "filename": file, "content": declared, "file_permission": "0644", "id": "x"}}]}]});
    std::fs::write(home.path().join("a.tfstate"), state.to_string()).unwrap();
    let config = home.path().join("config/driftguard");
    std::fs::create_dir_all(&config).unwrap();
    let text = format!(
        "[[environment]]\nslug = \"prod-web\"\ncloud_provider = \"host\"\nstate = [\"{}\"]\n",
        home.path().join("a.tfstate").display()
    );
    std::fs::write(config.join("config.toml"), text).unwrap();
    let (code, _, complaint) = run(driftguard(home.path()).args(["scan", "--env", "prod-web"]));
    assert_eq!(code, 2, "{complaint}");
    home
}

#[test]
fn the_last_hours_are_written_as_markdown_html_and_json() {
    let home = world("welcome", "hacked");
    let (code, markdown, complaint) = run(driftguard(home.path()).args(["incident", "-1h"]));
    assert_eq!(code, 0, "{complaint}");
    for part in
        ["# Incident review", "1 drift first seen", "| prod-web | first seen |", "local\\_file.motd", "\"hacked\""]
    {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    let file = home.path().join("review.html");
    let (code, out, complaint) =
        run(driftguard(home.path()).args(["incident", "@-1h", "--format", "html", "--output"]).arg(&file));
    assert_eq!((code, &*out), (0, ""), "{complaint}");
    let html = std::fs::read_to_string(&file).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.contains("local_file.motd") && html.ends_with("</html>\n"));
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("<script"), "needs nothing else");
    let (_, json, _) = run(driftguard(home.path()).args(["incident", "-1h", "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["schema"], "driftguard.incident/1");
    assert_eq!(json["happenings"][0]["action"], "detected");
    assert_eq!(json["drifts"][0]["resource"]["resource_id"], "local_file.motd");
    let (code, _, complaint) = run(driftguard(home.path()).args(["incident", "--output"]).arg(&file));
    assert!(code == 1 && complaint.contains("review.html"), "a review is not overwritten: {complaint}");
}

#[test]
fn nothing_from_outside_acts_in_a_review() {
    let home = world("a", "<script>alert(1)</script>\u{1b}]52;c;aGk=\u{7}| @channel");
    for format in ["html", "markdown", "json"] {
        let (_, text, _) = run(driftguard(home.path()).args(["incident", "-1h", "--format", format]));
        assert!(text.contains("alert(1)") || text.contains("alert\\(1\\)"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{format}: {text:?}");
        assert!(format == "json" || !text.contains("<script"), "{format}: {text}");
        assert!(format != "markdown" || !text.contains(" @channel"), "{format}: {text}");
    }
}

#[test]
fn a_span_or_an_environment_nobody_knows_is_refused_with_what_would_do() {
    let home = world("a", "b");
    for (args, says) in [
        (["incident", "noon"].as_slice(), "02:40..04:10"),
        (&["incident", "-1h", "--env", "prod-db"], "there are prod-web"),
        (&["incident", "2026-11-20T04:10..2026-11-20T02:40"], "ends before it begins"),
    ] {
        let (code, _, complaint) = run(driftguard(home.path()).args(args));
        assert!(code == 1 && complaint.contains(says), "{args:?}: {complaint}");
    }
}

#[test]
fn what_goes_back_to_what_it_was_is_seen_to_do_so() {
    let home = world("welcome", "hacked");
    for live in ["welcome", "hacked", "welcome"] {
        std::fs::write(home.path().join("motd"), live).unwrap();
        run(driftguard(home.path()).args(["scan", "--env", "prod-web"]));
    }
    let (_, export, _) = run(driftguard(home.path()).arg("export"));
    let seen = export.lines().filter(|line| line.contains("\"observed_at\"")).count();
    assert_eq!(seen, 4, "drifted, in sync, drifted, in sync: {export}");
}

#[test]
fn a_review_says_in_plain_words_where_a_drift_stands() {
    let home = world("welcome", "hacked");
    let review = || run(driftguard(home.path()).args(["incident", "-1h"])).1;
    assert!(review().contains("- now: open\n"), "{}", review());
    for (live, says) in [
        ("welcome", "- now: closed: it was not there any more when it was looked for\n"),
        ("hacked", "- now: open; it had ended and came back\n"),
        ("welcome", "- now: closed, after it had come back once: it was not there"),
    ] {
        std::fs::write(home.path().join("motd"), live).unwrap();
        run(driftguard(home.path()).args(["scan", "--env", "prod-web"]));
        assert!(review().contains(says), "{says}: {}", review());
    }
}
