//! Advice: policies of one's own, the edit of the code, and what would be left.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::serving::{PASSWORD, Serve, accounts};
use crate::support::{driftguard, run};
use crate::terminal::Terminal;

const MOTD: &str = "local_file.motd";

/// A host file that somebody has changed, the state that declares it, and the code.
struct World {
    home: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("config/driftguard/policies")).unwrap();
        fs::create_dir_all(home.path().join("code")).unwrap();
        let world = Self { home };
        let (motd, state) = (world.path("motd"), world.path("code/terraform.tfstate"));
        fs::write(&motd, "changed by hand\n").unwrap();
        let text = json!({"version": 4, "serial": 1, "lineage": "motd", "resources": [{"mode": "managed",
            "type": "local_file", "name": "motd", "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
            "instances": [{"attributes": {"content": "welcome\n", "filename": motd}}]}]});
        fs::write(&state, text.to_string()).unwrap();
        let code = format!(
            "# greets\nresource \"local_file\" \"motd\" {{\n  content  = \"welcome\\n\" # short\n  filename = {motd:?}\n}}\n"
        );
        fs::write(world.code(), code).unwrap();
        let table = format!("[[environment]]\nslug = \"web\"\ncloud_provider = \"host\"\nstate = {state:?}\n");
        fs::write(world.path("config/driftguard/config.toml"), table).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn code(&self) -> PathBuf {
        self.path("code/main.tf")
    }

    fn policy(&self, text: &str) {
        let file = self.path("config/driftguard/policies/own.toml");
        fs::write(file.with_extension("new"), text).unwrap();
        fs::rename(file.with_extension("new"), file).unwrap();
    }

    /// What a session without screens answers.
    fn line_by_line(&self, lines: &str) -> String {
        self.line_by_line_on(&[], lines)
    }

    /// On the store of the server.
    fn served_line_by_line(&self, lines: &str) -> String {
        self.line_by_line_on(&["--store", self.path("store").to_str().unwrap()], lines)
    }

    fn line_by_line_on(&self, store: &[&str], lines: &str) -> String {
        let mut command = driftguard(self.home.path());
        let mut child = command
            .args(store)
            .args(["triage", "--plain"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    }

    /// Exit code, output and what was complained of.
    fn says(&self, words: &[&str]) -> (i32, String, String) {
        run(driftguard(self.home.path()).args(words))
    }
}

const CODIFY: &str = "[[rule]]\nname = \"greetings\"\nwhen = { type = \"local_file\" }\n\
    add = { type = \"codify_iac\", priority = \"high\", rationale = \"whoever changes it means it\" }\n";

const VETO: &str = "[[rule]]\nname = \"not here\"\nwhen = { environment = \"web\" }\n\
    add = { type = \"auto_revert\", priority = \"low\", rationale = \"as it was\" }\n\
    veto = { type = \"auto_revert\", reason = \"people greet as they like\" }\n";

#[test]
fn rules_are_checked_and_tried_before_they_count() {
    let world = World::new();
    assert_eq!(world.says(&["scan"]).0, 2);
    let (code, out, _) = world.says(&["policy", "check"]);
    assert!(code == 0 && out.contains("no rules"), "{out}");
    let file = world.path("mine.toml");
    fs::write(&file, format!("{CODIFY}{VETO}")).unwrap();
    let file = file.to_str().unwrap();
    let (code, out, _) = world.says(&["policy", "check", file]);
    assert!(code == 0 && out.contains("when type = local_file") && out.contains("adds codify_iac (high)"), "{out}");
    let (code, out, _) = world.says(&["policy", "test", file, "--drift", MOTD]);
    assert!(code == 0 && out.contains("without  manual_review"), "{out}");
    assert!(out.contains("with     codify_iac (high); auto_revert vetoed by not here: people greet"), "{out}");

    fs::write(file, "[[rule]]\nname = \"a\"\nveto = { type = \"revert\", reason = \"r\" }\n").unwrap();
    let (code, _, err) = world.says(&["policy", "check", file]);
    assert!(code == 1 && err.contains("mine.toml:3:17: 'revert' is none of auto_revert"), "{err}");
}

#[test]
fn a_drift_is_codified_by_the_smallest_edit_and_nothing_is_written_before_somebody_says_so() {
    let world = World::new();
    world.policy(CODIFY);
    world.says(&["scan"]);
    let before = fs::read_to_string(world.code()).unwrap();
    let (code, out, err) = world.says(&["codify", MOTD]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("-  content  = \"welcome\\n\" # short\n+  content  = \"changed by hand\\n\" # short\n"),
        "{out}"
    );
    assert!(out.contains("predicted drift after this: 0"), "{out}");
    assert_eq!(fs::read_to_string(world.code()).unwrap(), before);
    let (code, _, err) = world.says(&["codify", MOTD, "--write"]);
    assert!(code == 1 && err.contains("say --yes"), "{err}");
    assert_eq!(fs::read_to_string(world.code()).unwrap(), before);

    // The report has the same edit, from the scan.
    let (_, page, _) = world.says(&["report"]);
    assert!(page.contains("whoever changes it means it") && page.contains("predicted drift after this: 0"), "{page}");
    assert!(page.contains("@@ -1,5 +1,5 @@"), "{page}");

    assert_eq!(world.says(&["codify", MOTD, "--write", "--yes"]).0, 0);
    assert_eq!(fs::read_to_string(world.code()).unwrap(), before.replace("welcome", "changed by hand"));
    let (code, out, _) = world.says(&["codify", MOTD]);
    assert!(code == 0 && out.contains("says it already"), "{out}");
}

#[test]
fn what_an_expression_decides_is_pointed_at_and_counts_as_left() {
    let world = World::new();
    world.says(&["scan"]);
    let code = fs::read_to_string(world.code()).unwrap().replace("\"welcome\\n\"", "var.greeting");
    fs::write(world.code(), format!("{code}\nvariable \"greeting\" {{}}\n")).unwrap();
    let (code, out, _) = world.says(&["codify", MOTD, "--write", "--yes"]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("content: the expression `var.greeting` decides about it"), "{out}");
    assert!(out.contains("(main.tf:3): var.greeting stands at main.tf:7"), "{out}");
    assert!(out.contains("predicted drift after this: 1"), "{out}");
}

#[test]
fn the_edit_is_not_made_in_a_protected_environment() {
    let world = World::new();
    world.says(&["scan"]);
    let file = world.path("config/driftguard/config.toml");
    let table = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{table}protect = true\n")).unwrap();
    let (code, _, err) = world.says(&["codify", MOTD, "--write", "--yes"]);
    assert!(code == 1 && err.contains("web is protected"), "{err}");
    assert_eq!(world.says(&["codify", MOTD]).0, 0, "to look is allowed");
}

#[test]
fn policies_are_followed_while_the_screens_are_open_and_a_broken_one_changes_nothing() {
    let world = World::new();
    world.policy(CODIFY);
    let mut terminal = Terminal::start(world.home.path(), &["triage"], 200, 50);
    terminal.wait_for(MOTD);
    terminal.wait("the rule's advice", |s| s.contains("codify_iac") && s.contains("policy: greetings"));
    terminal.wait("its edit", |s| s.contains("+  content  = \"changed by hand\\n\" # short"));

    world.policy(&CODIFY.replace("codify_iac", "codify"));
    terminal.wait("the mistake with its place", |s| {
        s.contains("goes on as it was") && s.contains("own.toml:4:") && s.contains("'codify' is none of")
    });
    terminal.wait("the last good rule", |s| s.contains("policy: greetings"));

    world.policy(VETO);
    terminal.wait("what is forbidden, and why", |s| {
        s.contains("auto_revert") && s.contains("vetoed") && s.contains("the policy not here forbids it")
    });
    terminal.wait("what is left to do", |s| s.contains("manual_review"));
}

#[test]
fn policies_are_followed_while_a_server_runs() {
    let world = World::new();
    let at = world.home.path();
    accounts(at, &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    let token = accounts(at, &["key", "add", "adam", "--label", "story", "--role", "editor"], "");
    let server = Serve::start(at);
    let advised = |what: &str, is: &dyn Fn(&str) -> bool| {
        for _ in 0..600 {
            let (_, said) = server.ask("GET", "/api/v1/recommendations", &token, "", "");
            let said = said["data"].to_string();
            if is(&said) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the server never says {what}");
    };
    advised("that nobody knows why", &|said| said.contains("manual_review"));
    world.policy(VETO);
    advised("what is forbidden, and why", &|said| said.contains("people greet as they like"));
    // A mistake changes nothing.
    world.policy(&VETO.replace("auto_revert", "revert"));
    std::thread::sleep(std::time::Duration::from_secs(3));
    advised("what it said before", &|said| said.contains("people greet as they like"));
    world.policy(CODIFY);
    advised("the other rule's advice", &|said| said.contains("codify_iac") && !said.contains("people greet"));
    server.end();
}

#[test]
fn advice_is_given_line_by_line_and_its_steps_are_ticked() {
    let world = World::new();
    world.policy(CODIFY);
    assert_eq!(world.says(&["scan"]).0, 2);
    let said = |lines: &str| world.line_by_line(lines);
    let out = said("advise 1 escalate_review ask whoever greets\nlist\nshow 1\ntick 1 codify_iac 2\nlist\nshow 1\n");
    assert!(out.contains("advice: escalate_review") && out.contains("ask whoever greets"), "{out}");
    assert!(out.contains("given by alice") && out.contains("(done by alice)"), "{out}");
    // The next session has both, after its scan.
    let out = said("show 1\ntick 1 codify_iac 2\nlist\nshow 1\nhistory 1\n");
    assert!(out.contains("given by alice") && out.contains("(done by alice)"), "{out}");
    assert!(out.contains("step_not_done"), "{out}");
    assert!(said("advise 1 nonsense x\n").contains("what? advise N TYPE WHY"));
    // Whoever settles it as advised has carried the advice out.
    let out = said("show 1\nresolve 1 codify_iac agreed\nyes\nshow 1\n");
    let (before, after) = out.split_once("resolved").unwrap_or_else(|| panic!("{out}"));
    assert!(!before.contains("done just now") && after.contains("advice: codify_iac"), "{out}");
    assert!(after.contains("     done just now by alice: settled as codify_iac: agreed"), "{out}");
}

#[test]
fn a_report_of_a_scan_says_of_cause_and_advice_what_the_store_says() {
    let world = World::new();
    world.policy(CODIFY);
    assert_eq!(world.says(&["scan"]).0, 2);
    let mut command = driftguard(world.home.path());
    command.args(["triage", "--plain"]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let lines = b"advise 1 escalate_review ask whoever greets\ncause 1 configuration_error\n";
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let (_, exported, _) = world.says(&["export"]);
    let json = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let is_drift = |line: &serde_json::Value| line["drift"]["record"]["event"].is_object();
    let kept = exported.lines().map(json).find(is_drift).unwrap()["drift"]["record"]["event"].clone();
    let advice: Vec<&str> = kept["recommendations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["recommendation_type"].as_str().unwrap())
        .collect();
    assert!(advice.contains(&"escalate_review"), "{kept}");
    let told = |drift: &serde_json::Value| {
        assert_eq!(drift["cause"], "configuration_error", "{drift}");
        assert_eq!(drift["cause_analysis"]["confidence_score"], kept["analysis"]["cause"]["confidence_score"]);
        assert_eq!(drift["cause_analysis"]["contributing_factors"], kept["analysis"]["cause"]["contributing_factors"]);
        assert_eq!(drift["recommendations"], json!(advice), "{drift}");
    };
    told(&json(&world.says(&["scan", "--format", "json"]).1)["drifts"][0]);
    let (_, lines, _) = world.says(&["scan", "--format", "ndjson"]);
    told(&lines.lines().map(json).find(|line| line["drift"].is_object()).unwrap()["drift"]);
    let (_, page, _) = world.says(&["scan", "--format", "markdown"]);
    assert!(page.contains("escalate_review: ask whoever greets"), "{page}");
    // Of another value only what a person advises still holds, also where the store is only looked at.
    fs::write(world.path("motd"), "changed once more\n").unwrap();
    let mut look = driftguard(world.home.path());
    let (_, looked, _) = run(look.env("DRIFTGUARD_READ_ONLY", "true").args(["scan", "--format", "json"]));
    let looked = json(&looked)["drifts"][0].clone();
    assert_eq!(looked["known"]["status"], "open", "{looked}");
    assert!(looked["recommendations"].as_array().unwrap().contains(&json!("escalate_review")), "{looked}");
    assert_eq!(looked["cause"], "unknown", "{looked}");
}

/// A person who may decide, and the server of the world's code, once it has found the drift.
fn served(world: &World) -> (Serve, String, String) {
    let at = world.home.path();
    accounts(at, &["init", "--org", "acme", "--admin", "adam", "--password-file", "-"], PASSWORD);
    let token = accounts(at, &["key", "add", "adam", "--label", "story", "--role", "editor"], "");
    let server = Serve::start(at);
    for _ in 0..600 {
        let (_, said) = server.ask("GET", "/api/v1/drifts", &token, "", "");
        if let Some(id) = said["data"][0]["id"].as_str() {
            return (server, token, id.to_owned());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the server never finds the drift");
}

#[test]
fn what_a_policy_forbids_cannot_be_followed_over_the_api_and_steps_are_ticked_there() {
    let world = World::new();
    world.policy(&format!("{CODIFY}{VETO}"));
    let (server, token, drift) = served(&world);
    let advice = |kind: &str| {
        let (_, said) = server.ask("GET", "/api/v1/recommendations", &token, "", "");
        let all = said["data"].as_array().unwrap().clone();
        all.into_iter()
            .find(|one| one["recommendation"]["recommendation_type"] == kind)
            .unwrap_or_else(|| panic!("{said}"))
    };
    let forbidden = advice("auto_revert");
    assert_eq!(
        (&forbidden["status"], &forbidden["recommendation"]["vetoed"]["policy"]),
        (&json!("vetoed"), &json!("not here"))
    );
    let path = format!("/api/v1/recommendations/{}/implement", forbidden["id"].as_str().unwrap());
    let (status, said) = server.ask("POST", &path, &token, "", "{}");
    assert!(status == 422 || status == 400, "{status} {said}");
    assert!(said.to_string().contains("the policy not here forbids auto_revert: people greet as they like"), "{said}");
    let (_, now) = server.ask("GET", &format!("/api/v1/drifts/{drift}"), &token, "", "");
    assert_eq!(now["event"]["state"], "open", "nothing was done");

    let codify = advice("codify_iac");
    let key = codify["id"].as_str().unwrap().rsplit('-').next().unwrap().to_owned();
    let triage = |verb: serde_json::Value| {
        let body = json!({"verb": verb}).to_string();
        server.ask("POST", &format!("/api/v1/drifts/{drift}/triage"), &token, "", &body)
    };
    let (status, said) = triage(json!({"tick": {"advice": key, "step": 1, "done": true}}));
    assert!(status == 200 && said["drifts"][0]["ticked"][0]["by"] == "adam", "{said}");
    let (status, said) = triage(json!({"tick": {"advice": key, "step": 1, "done": true}}));
    assert!(status >= 400 && said.to_string().contains("done already"), "{status} {said}");
    server.end();
}

#[test]
fn a_person_advises_what_a_policy_forbids_and_both_are_told_over_the_api_and_by_the_client() {
    let world = World::new();
    world.policy(VETO);
    let (server, token, drift) = served(&world);
    let advise = json!({"verb": {"advise": {"advice": {"recommendation_type": "auto_revert", "priority": "high",
        "rationale": "the greeting is wrong", "steps": ["apply the code", "tell the others"]}}}});
    let (status, said) = server.ask("POST", &format!("/api/v1/drifts/{drift}/triage"), &token, "", &advise.to_string());
    assert_eq!(status, 200, "{said}");
    let (_, said) = server.ask("GET", "/api/v1/recommendations", &token, "", "");
    let own = said["data"].as_array().unwrap().iter().find(|one| one["recommendation"]["added_by"] == "adam");
    let own = own.unwrap_or_else(|| panic!("{said}"));
    assert_eq!(own["status"], "open", "it stands: {own}");
    assert_eq!(
        own["recommendation"]["objection"],
        json!({"policy": "not here", "reason": "people greet as they like"})
    );

    let client = tempfile::tempdir().unwrap();
    let url = format!("http://{}", server.address);
    let key = [("DRIFTGUARD_TOKEN", token.as_str())];
    let mut terminal = Terminal::start_with(client.path(), &["connect", &url], 200, 50, &key);
    terminal.wait("the policy's no", |s| s.contains("auto_revert") && s.contains("vetoed"));
    terminal.wait("what a person says all the same", |s| s.contains("the greeting is wrong") && s.contains("by adam"));
    terminal.wait_for("the policy not here objects: people greet as they like");
    terminal.send(",k");
    terminal.wait("the steps", |s| s.contains("[ ] manual_review 1."));
    terminal.send("\x1b[A");
    terminal.wait("the last one", |s| s.contains("[ ] auto_revert 2. tell the others"));
    terminal.send("\r");
    terminal.wait_for("2. tell the others (done by adam)");
    let (_, said) = server.ask("GET", &format!("/api/v1/drifts/{drift}"), &token, "", "");
    assert_eq!(said["event"]["ticked"][0]["text"], "tell the others", "{said}");
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);

    // Without the rule nobody objects any more.
    world.policy(CODIFY);
    for _ in 0..600 {
        let (_, said) = server.ask("GET", &format!("/api/v1/drifts/{drift}"), &token, "", "");
        if !said.to_string().contains("objection") {
            return server.end();
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the objection never goes");
}

#[test]
fn what_somebody_put_aside_is_told_so_everywhere_and_cannot_be_followed() {
    let world = World::new();
    world.policy(&VETO.replace("veto =", "# veto ="));
    let (server, token, drift) = served(&world);
    let store = world.path("store");
    let store = store.to_str().unwrap();
    let (_, said) = server.ask("GET", "/api/v1/recommendations", &token, "", "");
    let revert = &said["data"].as_array().unwrap()[0];
    assert_eq!(revert["recommendation"]["recommendation_type"], "auto_revert", "{said}");
    let path = |what: &str| format!("/api/v1/recommendations/{}/{what}", revert["id"].as_str().unwrap());
    let why = json!({"reason": "not before INC-1 is over"}).to_string();
    assert_eq!(server.ask("POST", &path("dismiss"), &token, "", &why).0, 200);
    let (status, said) = server.ask("POST", &path("implement"), &token, "", "{}");
    assert!(status >= 400 && said.to_string().contains("was dismissed: not before INC-1 is over"), "{status} {said}");
    let (_, said) = server.ask("GET", &format!("/api/v1/drifts/{drift}/narrative"), &token, "", "");
    assert!(said.to_string().contains("the advice is: auto revert, dismissed: not before INC-1"), "{said}");
    server.end();

    let shown = "advice: auto_revert, dismissed: not before INC-1 is over";
    let out = world.served_line_by_line("show 1\nask 1 revert please\ntick 1 auto_revert 1\ncommands 1\n");
    assert!(out.contains(shown) && !out.contains("terraform apply driftguard.tfplan"), "{out}");
    assert!(!out.contains("predicted drift after this"), "{out}");
    assert_eq!(out.matches("the advice to auto_revert was dismissed: not before INC-1 is over").count(), 3, "{out}");
    assert!(out.contains("put it back (but the advice to auto_revert was dismissed"), "{out}");
    let (_, page, _) = world.says(&["--store", store, "report"]);
    assert!(
        page.contains("<p>dismissed: not before INC-1 is over</p>") && !page.contains("driftguard.tfplan"),
        "{page}"
    );
    let mut terminal = Terminal::start(world.home.path(), &["--store", store, "triage"], 160, 40);
    terminal.wait_for("dismissed: not before INC-1 is over");
    assert!(!terminal.text().contains("predicted drift"), "{}", terminal.text());
    terminal.send("q");
    terminal.end();
    // Deciding by hand stays possible, and is nobody's following of advice.
    let out = world.served_line_by_line("show 1\nresolve 1 auto_revert all the same\nyes\nlist all\n");
    assert!(out.contains("saved: resolve"), "{out}");
    let (_, figures, _) = world.says(&["--store", store, "stats", "--format", "json"]);
    let figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
    assert_eq!(figures["business"]["adopted"], json!({"part": 0, "of": 1}), "{figures}");
}

#[test]
fn an_exception_whose_end_has_passed_is_not_accepted_for_good() {
    let world = World::new();
    world.policy(
        "[[rule]]\nname = \"known\"\nadd = { type = \"accept_exception\", priority = \"low\", rationale = \"it is known\", \
         accept_for = \"1s\", expires = \"1d\" }\n",
    );
    let (server, token, drift) = served(&world);
    let store = world.path("store");
    let store = store.to_str().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1200));
    let (_, said) = server.ask("GET", "/api/v1/recommendations", &token, "", "");
    let accept = &said["data"].as_array().unwrap()[0];
    assert_eq!(
        (&accept["status"], &accept["recommendation"]["recommendation_type"]),
        (&json!("stale"), &json!("accept_exception"))
    );
    let path = format!("/api/v1/recommendations/{}/implement", accept["id"].as_str().unwrap());
    let (status, said) = server.ask("POST", &path, &token, "", "{}");
    assert!(status >= 400 && said.to_string().contains("too old to be followed: analyse the drift anew"), "{said}");
    let (_, now) = server.ask("GET", &format!("/api/v1/drifts/{drift}"), &token, "", "");
    assert_eq!((&now["event"]["state"], &now["event"]["decision"]), (&json!("open"), &json!(null)));
    server.end();
    let (_, page, _) = world.says(&["--store", store, "report"]);
    assert!(page.contains("Stale: it is too old") && !page.contains("Accept it for a while"), "{page}");
    assert!(page.contains("<dt>accept until<dd>"), "{page}");
}

#[test]
fn what_a_policy_forbids_or_is_too_old_is_not_written_and_is_said_beside_the_commands() {
    let world = World::new();
    world.policy(
        &format!("{CODIFY}{VETO}")
            .replace("veto = { type = \"auto_revert\"", "veto = { type = [\"auto_revert\", \"codify_iac\"]"),
    );
    world.says(&["scan"]);
    let before = fs::read_to_string(world.code()).unwrap();
    let (code, out, _) = world.says(&["codify", MOTD]);
    assert!(code == 0 && out.contains("+  content  = \"changed by hand"), "{out}");
    assert!(
        out.contains("note: the policy not here forbids codify_iac: people greet as they like; --write is"),
        "{out}"
    );
    let (code, out, err) = world.says(&["codify", MOTD, "--write", "--yes"]);
    assert!(
        code == 1 && err.contains("the policy not here forbids codify_iac: people greet as they like"),
        "{out}{err}"
    );
    assert_eq!(fs::read_to_string(world.code()).unwrap(), before);
    let out = world.line_by_line("commands 1\nresolve 1 auto_revert as it was\nno\n");
    assert!(
        out.contains("put it back (but the policy not here forbids auto_revert: people greet as they like):"),
        "{out}"
    );
    assert!(out.contains("   but the policy not here forbids auto_revert: people greet as they like\n"), "{out}");

    world.policy(&CODIFY.replace("rationale", "expires = \"1s\", rationale"));
    assert_eq!(world.says(&["scan"]).0, 2);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    let (code, _, err) = world.says(&["codify", MOTD, "--write", "--yes"]);
    assert!(code == 1 && err.contains("the advice to codify_iac is too old to be followed: analyse"), "{err}");
    assert_eq!(fs::read_to_string(world.code()).unwrap(), before);
}

#[test]
fn without_a_policy_that_cannot_be_read_nothing_is_scanned_and_no_advice_is_kept() {
    let world = World::new();
    world.policy(&VETO.replace("veto = { type = \"auto_revert\"", "veto = { type = \"revert\""));
    for words in [&["triage", "--plain"][..], &["triage"][..], &["scan"][..]] {
        let (code, out, err) = world.says(words);
        assert!(code == 1 && err.contains("own.toml:") && err.contains("'revert' is none of"), "{words:?} {out}{err}");
        assert!(err.contains("the configuration has mistakes: mend them"), "{words:?} {err}");
    }
    world.policy(VETO);
    let (_, out, _) = world.says(&["stats", "--count", "is:open"]);
    assert!(!out.contains('1'), "nothing was stored: {out}");
}

#[test]
fn a_revert_that_the_code_ignores_is_predicted_to_leave_it_and_says_what_to_do_first() {
    let world = World::new();
    world.policy(&VETO.replace("veto =", "# veto ="));
    let code = fs::read_to_string(world.code()).unwrap();
    fs::write(world.code(), code.replace("\n}", "\n  lifecycle {\n    ignore_changes = [content]\n  }\n}")).unwrap();
    world.says(&["scan"]);
    let out = world.line_by_line("show 1\n");
    assert!(out.contains("predicted drift after this: 1"), "{out}");
    assert!(out.contains("stays: content: ignore_changes at main.tf:2 names it: no apply puts it back"), "{out}");
    assert!(out.contains("1. Take what differs out of ignore_changes at main.tf:2"), "{out}");
    assert!(out.contains("success 0.00") && out.contains("risk: As the code stands, no apply puts it back"), "{out}");
}
