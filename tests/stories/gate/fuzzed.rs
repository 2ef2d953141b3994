//! What somebody else makes of the document: schemathesis asks every route what the document allows, and what it does not.

use std::process::{Command, Stdio};

use regex::Regex;

use super::World;
use crate::lab;

/// Questions to each route of each kind. More find more, and take longer; on a busy machine the time that is given ends it sooner.
const EXAMPLES: &str = "5";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_nothing_that_the_document_does_not_say() {
    let Some(python) = lab::schemathesis() else {
        eprintln!("skipped: no schemathesis in the lab; tests/lab.sh says why");
        return;
    };
    let world = World::new().await;
    let scratch = tempfile::tempdir().unwrap();
    let mut command = Command::new(python);
    command.args(["-m", "schemathesis.cli", "run", &format!("http://{}/api/v1/openapi.json", world.address)]);
    command.args(["--header", &format!("Authorization: Bearer {}", world.keys[2])]);
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    command.args(["--checks", checks, "--phases", "coverage,fuzzing", "--max-examples", EXAMPLES]);
    // One worker: with several, the limits of recursion that they set for each other make Python itself fall now and then.
    command.args([
        "--workers",
        "1",
        "--seed",
        "4711",
        "--max-time",
        "45",
        "--continue-on-failure",
        "--suppress-health-check",
        "all",
    ]);
    // The feed never ends, and an organisation that is out of use has no server.
    command.args([
        "--exclude-path",
        "/api/v1/feed",
        "--exclude-method",
        "DELETE",
        "--no-color",
        "--request-timeout",
        "20",
    ]);
    command.current_dir(scratch.path()).env("HOME", scratch.path()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    // It says by its exit code whether it found anything, or fell; and how much it asked.
    assert!(output.status.success(), "{}: {said}", output.status);
    let counted = Regex::new(r"(\d+) generated, (\d+) passed").unwrap();
    let counted = counted.captures(&said).map(|found| [1, 2].map(|n| found[n].parse::<u32>().unwrap()));
    assert!(counted.is_some_and(|[asked, passed]| asked > 0 && passed == asked), "{said}");
    assert!(!said.contains("Network Error"), "{said}");
    world.end().await;
}
