//! What happened, told in sentences; with Gemini where the configuration names it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use crate::support::{driftguard, run};

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
