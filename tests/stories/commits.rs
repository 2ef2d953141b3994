//! What the code's own repository tells of a drift: what was written before it and may not be applied, and what was written after
//! it and why.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use driftguard::drift::*;
use driftguard::service::{DriftService, LocalService};
use driftguard::store::Store;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;

use super::scan::open_store;
use super::store::{all, finding, scan};

fn code(port: u16) -> String {
    format!("resource \"aws_vpc\" \"main\" {{\n  port = {port}\n}}\n\nresource \"aws_vpc\" \"other\" {{\n}}\n")
}

fn git(directory: &Path, arguments: &[&str], at: Timestamp) {
    let date = format!("@{} +0000", at.as_second());
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(["-c", "user.name=kim", "-c", "user.email=kim@example.com"]);
    command.args(arguments).env("GIT_COMMITTER_DATE", &date).env("GIT_AUTHOR_DATE", &date);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE");
    let done = command.output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn commit(directory: &Path, port: u16, subject: &str, at: Timestamp) {
    std::fs::write(directory.join("main.tf"), code(port)).unwrap();
    git(directory, &["add", "main.tf"], at);
    git(directory, &["commit", "--quiet", "-m", subject], at);
}

fn hours(number: i64) -> Timestamp {
    Timestamp::now().checked_add(SignedDuration::from_hours(number)).unwrap()
}

fn declared(name: &str, state: &Path) -> Finding {
    let mut one = finding(&format!("aws_vpc.{name}"));
    one.resource.declared_in = Some(state.to_str().unwrap().into());
    one
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_of_a_drifts_code_stand_beside_it_with_their_offset_and_say_what_they_say_of_its_cause() {
    if Command::new("git").arg("--version").output().is_err() {
        return println!("git is not installed: nothing is tested");
    }
    let dir = tempfile::tempdir().unwrap();
    let infra = dir.path().join("infra");
    std::fs::create_dir(&infra).unwrap();
    let state = infra.join("terraform.tfstate");
    std::fs::write(&state, "{\"version\": 4, \"resources\": []}").unwrap();
    git(&infra, &["init", "--quiet"], hours(-400));
    commit(&infra, 80, "begin", hours(-400));
    commit(&infra, 443, "serve https, token=AKIAIOSFODNN7EXAMPLE", hours(-2));
    let store: Arc<dyn Store> = open_store(&dir.path().join("store"));
    scan(store.as_ref(), vec![]);
    scan(store.as_ref(), vec![declared("main", &state), declared("other", &state)]);
    let service = LocalService::start(Arc::clone(&store), vec![], Handle::current());
    let of = |name: &str| {
        let id = format!("aws_vpc.{name}");
        all(store.as_ref()).into_iter().find(|event| event.resource.resource_id.raw() == id).unwrap().id
    };
    let told = service.analyse(of("main"), None).await.unwrap().analysis.cause;
    let [before] = &told.correlations[..] else { panic!("{:?}", told.correlations) };
    assert_eq!((before.offset().as_str(), before.external_system.raw()), ("-2h", "git"));
    assert!(before.event_data.title.raw().starts_with("serve https"), "{before:?}");
    assert!(!before.event_data.title.raw().contains("AKIAIOSFODNN7EXAMPLE"), "a secret in a subject is masked");
    assert_eq!(before.event_data.place.as_ref().unwrap().raw(), "main.tf:1");
    assert_eq!((told.cause_category, told.confidence_score), (Cause::ConfigurationError, Score::percent(55)));
    assert!(told.contributing_factors[0].raw().contains("Its code was changed 2h before"), "{told:?}");
    let other = service.analyse(of("other"), None).await.unwrap().analysis.cause;
    assert_eq!((other.cause_category, other.correlations.len()), (Cause::Unknown, 0), "its own lines were not touched");

    // Written afterwards, and why.
    commit(&infra, 8443, "hotfix INC-4711: move the port", hours(3));
    let told = service.analyse(of("main"), None).await.unwrap().analysis.cause;
    assert_eq!(told.correlations.iter().map(|one| one.offset()).collect::<Vec<_>>(), ["-2h", "+3h"]);
    assert!(told.contributing_factors.iter().any(|line| line.raw().contains("the subject says why")), "{told:?}");
    let likely = told.probabilities.unwrap();
    assert!(likely.get(Cause::EmergencyFix) > likely.get(Cause::ConfigurationError), "{likely:?}");
    // Where git says nothing any more, what it said still holds.
    std::fs::remove_dir_all(infra.join(".git")).unwrap();
    let later = service.analyse(of("main"), None).await.unwrap().analysis.cause;
    assert_eq!((later.cause_category, later.correlations), (told.cause_category, told.correlations));
    let unknown = service.relations(of("main")).await.unwrap().unknown;
    assert_eq!(unknown, ["commits: the code lies in no git repository"]);
    service.shutdown().await;
}
