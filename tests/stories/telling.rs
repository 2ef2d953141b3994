//! What happened, told in sentences; with Gemini where the configuration names it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use crate::support::{driftguard, run};
use crate::terminal::Terminal;

const SECRET: &str = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

/// A file of this machine that somebody has changed, scanned; `more` is added to the configuration.
fn world(more: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    fs::write(at.join("motd"), format!("token {SECRET}\n")).unwrap();
    let state = json!({"version": 4, "serial": 1, "lineage": "l", "resources": [{"mode": "managed", "type": "local_file",
        "name": "motd", "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"attributes": {"filename": at.join("motd"), "content": "welcome\n"}}]}]});
    fs::write(at.join("a.tfstate"), state.to_string()).unwrap();
    configure(at, more);
    assert_eq!(run(driftguard(at).arg("scan")).0, 2);
    home
}

fn configure(home: &Path, more: &str) {
    fs::create_dir_all(home.join("config/driftguard")).unwrap();
    let state = home.join("a.tfstate");
    let text = format!("[[environment]]\nslug = \"prod-web\"\ncloud_provider = \"host\"\nstate = [{state:?}]\n{more}");
    fs::write(home.join("config/driftguard/config.toml"), text).unwrap();
}

fn tell(home: &Path, words: &[&str]) -> (i32, String, String) {
    let mut command = driftguard(home);
    run(command.env("GEMINI_API_KEY", "a-key-for-tests").args(["narrative", "local_file.motd"]).args(words))
}

/// Answers one request; gives what was asked.
fn gemini(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let table = format!("[gemini]\nurl = \"http://{}/v1beta\"\ntimeout = \"5s\"\n", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut asked, mut buffer) = (Vec::new(), [0; 4096]);
        while !asked.ends_with(b"}") {
            let read = stream.read(&mut buffer).unwrap();
            asked.extend_from_slice(&buffer[..read]);
        }
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
        stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
        String::from_utf8_lossy(&asked).into_owned()
    });
    (table, serving)
}

#[test]
fn a_drift_is_told_in_sentences_that_name_what_they_rest_on() {
    let home = world("");
    let mark =
        ["mark", "--type", "incident", "--impact", "high", "--id", "INC-7", "--env", "prod-web", "checkout is down"];
    assert_eq!(run(driftguard(home.path()).args(mark)).0, 0);
    let (code, out, err) = tell(home.path(), &[]);
    assert_eq!(code, 0, "{out}{err}");
    let told: Vec<&str> = out.lines().take_while(|line| !line.is_empty()).collect();
    assert!((3..=6).contains(&told.len()) && told.iter().all(|line| line.ends_with(']')), "{out}");
    assert!(told[0].starts_with("local_file.motd in prod-web is not what its code says: content is "), "{out}");
    assert!(!out.contains(SECRET), "{out}");
    let (_, out, _) = tell(home.path(), &["--format", "json"]);
    let document: Value = serde_json::from_str(&out).unwrap();
    let evidence = document["evidence"].as_array().unwrap().len();
    for sentence in document["sentences"].as_array().unwrap() {
        let on = sentence["evidence"].as_array().unwrap();
        assert!(!on.is_empty() && on.iter().all(|at| at.as_u64().unwrap() < evidence as u64), "{document:#}");
    }
    assert_eq!(document["told_by"], "rules");
}

#[test]
fn without_a_word_in_the_configuration_gemini_is_never_asked_and_its_prompt_can_be_looked_at() {
    let home = world("");
    let (code, out, err) = tell(home.path(), &["--ask", "who did it?"]);
    assert!(code == 1 && out.is_empty() && err.contains("Gemini is off: a [gemini] table"), "{out}{err}");
    let (code, out, err) = tell(home.path(), &["--preview", "--ask", &format!("is {SECRET} still good?")]);
    assert!(code == 0 && out.contains("EVIDENCE\n[1] change: content") && out.contains("is «secret #"), "{out}{err}");
    assert!(!out.contains(SECRET), "{out}");
}

#[test]
fn a_question_is_answered_with_evidence_and_what_rests_on_none_is_left_out() {
    let (table, serving) = gemini(
        r#"{"candidates":[{"content":{"parts":[{"text":"Its content was changed by hand [1].\nThe admin was drunk.\n"}]},"finishReason":"STOP"}]}"#,
    );
    let home = world(&table);
    let (code, out, err) = tell(home.path(), &["--ask", "what was changed?"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.starts_with("Its content was changed by hand. [1]\n\n[1] change: content"), "{out}");
    assert!(!out.contains("drunk") && err.contains("1 sentences of the answer cited no evidence"), "{out}{err}");
    let asked = serving.join().unwrap();
    assert!(asked.contains("what was changed?") && !asked.contains(SECRET), "{asked}");
}

#[test]
fn when_gemini_fails_the_story_is_told_without_it() {
    let (table, serving) = gemini(r#"{"candidates":[],"promptFeedback":{"blockReason":"SAFETY"}}"#);
    let home = world(&table);
    let (code, out, err) = tell(home.path(), &["--gemini"]);
    assert!(code == 0 && out.starts_with("local_file.motd in prod-web is not what its code says"), "{out}{err}");
    assert!(err.contains("Gemini withholds its answer: SAFETY; told without Gemini"), "{err}");
    serving.join().unwrap();
    // Nobody is there any more.
    let (code, out, err) = tell(home.path(), &["--gemini"]);
    assert!(
        code == 0 && out.starts_with("local_file.motd in prod-web") && err.contains("cannot be reached"),
        "{out}{err}"
    );
    let (code, out, err) = tell(home.path(), &["--ask", "who?"]);
    assert!(code == 1 && out.is_empty() && err.contains("cannot be reached") && !err.contains("a-key"), "{out}{err}");
}

/// The screens over the world, at 80 by 24.
fn screens(home: &Path) -> Terminal {
    let key = [("GEMINI_API_KEY", "a-key-for-tests")];
    let mut terminal = Terminal::start_with(home, &["triage"], 80, 24, &key);
    terminal.wait_for("local_file.motd");
    terminal
}

#[test]
fn with_gemini_gone_the_screens_say_so_and_analysis_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let table = format!("[gemini]\nurl = \"http://{}/v1beta\"\n", listener.local_addr().unwrap());
    let home = world(&table);
    drop(listener);
    let mut terminal = screens(home.path());
    terminal.send(",q");
    terminal.wait_for("You see it before it is sent");
    terminal.send("who did it?\r");
    let preview = terminal.wait_for("This would leave the machine");
    assert!(!preview.contains(SECRET), "{preview}");
    terminal.send("\r");
    let told = terminal.wait_for("cannot be reached");
    assert!(told.contains("GEMINI FAILS") && told.contains("Nothing else depends on it"), "{told}");
    terminal.send("\x1b");
    terminal.wait("the question to go", |screen| !screen.contains("cannot be reached"));
    terminal.send(",y");
    let after = terminal.wait_for("analysed anew");
    assert!(after.contains("GEMINI FAILS"), "{after}");
    // What is found by the next scan is judged as ever.
    fs::remove_file(home.path().join("motd")).unwrap();
    terminal.send("r");
    terminal.wait("the deleted file", |screen| screen.contains(" gone "));
    terminal.send("gg");
    let deleted = terminal.wait("what is known of it", |screen| screen.contains("- deleted"));
    assert!(deleted.contains("confidence") && deleted.contains("GEMINI FAILS"), "{deleted}");
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
}

#[test]
fn every_verb_of_analysis_opens_by_its_key_at_80_by_24_or_says_why_not() {
    let home = world("");
    let mut terminal = screens(home.path());
    for (keys, says) in [
        ("t", "what happened to local_file.motd"),
        ("C", "cause"),
        (",d", "advise"),
        (",k", "tick"),
        ("gf", "how things stand"),
    ] {
        terminal.send(keys);
        terminal.wait(keys, |screen| screen.contains(says) && screen.contains("esc"));
        terminal.send("\x1b");
        terminal.wait("it to go", |screen| !screen.contains("esc "));
    }
    terminal.send(",q");
    terminal.wait_for("Gemini is off: a [gemini] table");
    terminal.send(",i");
    terminal.wait_for("/incident:");
    terminal.send("\x1b");
    terminal.wait("all of them", |screen| !screen.contains("/incident:"));
    terminal.send(",x");
    terminal.wait_for("saved: split");
    terminal.send(",y");
    terminal.wait_for("analysed anew");
    // With nothing chosen they say that.
    terminal.send("/nothing-is-called-so\r");
    terminal.wait_for("no drift passes the filter");
    for keys in ["t", "C", ",x", ",y", ",d", ",k", ",i", ",q"] {
        terminal.send(keys);
        terminal.wait(keys, |screen| screen.contains("no drift is selected"));
        // The notice goes with the next key.
        terminal.send("z");
        terminal.wait("the words to go", |screen| !screen.contains("no drift is selected"));
    }
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
}

/// What a script says line by line, and what it hears.
fn plain(home: &Path, script: &str) -> (i32, String) {
    let mut command = driftguard(home);
    command.args(["triage", "--plain", "--utc"]).env("GEMINI_API_KEY", "a-key-for-tests").env("TERM", "dumb");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn line_by_line_it_is_told_and_asked_too() {
    let home = world("");
    let (code, out) = plain(home.path(), "narrative 1\ngemini 1 why?\nquit\n");
    assert!(
        out.contains("local_file.motd in prod-web is not what its code says") && out.contains("[1] change:"),
        "{out}"
    );
    assert!(code == 1 && out.contains("error: Gemini is off: a [gemini] table"), "{out}");
    configure(home.path(), "[gemini]\ntimeout = \"soon\"\n");
    let (_, out) = plain(home.path(), "gemini 1 why?\nquit\n");
    assert!(out.contains("its table in the configuration has a mistake: gemini: timeout: 'soon'"), "{out}");
    let answer = r#"{"candidates":[{"content":{"parts":[{"text":"By hand [1]."}]},"finishReason":"STOP"}]}"#;
    let (table, serving) = gemini(answer);
    configure(home.path(), &table);
    let (_, out) = plain(home.path(), "gemini 1 what was changed?\nno\nquit\n");
    assert!(out.contains("this would leave the machine, for gemini-2.5-flash at 127.0.0.1"), "{out}");
    assert!(out.contains("not sent") && !out.contains(SECRET), "{out}");
    let (code, out) = plain(home.path(), "gemini 1 what was changed?\nyes\nquit\n");
    assert!(code == 0 && out.contains("By hand. [1]") && out.contains("told by gemini-2.5-flash"), "{out}");
    assert!(serving.join().unwrap().contains("what was changed?"));
}
