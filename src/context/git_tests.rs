use std::fs;

use super::*;

const CODE: &str = "resource \"aws_vpc\" \"main\" {\n  cidr = 1\n}\n\nresource \"aws_sg\" \"web\" {\n  port = 80\n}\n";

/// A repository whose clock is ours; `None` where there is no git.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Option<Self> {
        let new = Self(tempfile::tempdir().unwrap());
        if Command::new("git").arg("--version").output().is_err() {
            println!("git is not installed: nothing is tested");
            return None;
        }
        new.git(&["init", "--quiet"], 0);
        Some(new)
    }

    fn git(&self, arguments: &[&str], at: i64) {
        let date = format!("@{at} +0000");
        let mut command = Command::new("git");
        command.arg("-C").arg(self.0.path()).args(["-c", "user.name=kim", "-c", "user.email=kim@example.com"]);
        command.args(arguments).env("GIT_COMMITTER_DATE", &date).env("GIT_AUTHOR_DATE", &date);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE");
        let done = command.output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn commit(&self, text: &str, subject: &str, at: i64) {
        fs::create_dir_all(self.0.path().join("net")).unwrap();
        fs::write(self.file(), text).unwrap();
        self.git(&["add", "."], at);
        self.git(&["commit", "--quiet", "-m", subject], at);
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("net/main.tf")
    }

    fn touched(&self, name: &str, from: i64, until: i64) -> Result<Vec<String>, Silence> {
        let labels = ["aws_sg", name];
        let block = BlockName { kind: "resource", labels: if name == "main" { &["aws_vpc", "main"] } else { &labels } };
        let span = (Timestamp::from_second(from).unwrap(), Timestamp::from_second(until).unwrap());
        let found = Repositories::default().commits(&self.file(), &block, span)?;
        Ok(found.iter().map(|commit| format!("{} {}", commit.at.as_second(), commit.subject.raw())).collect())
    }
}

#[test]
fn commits_of_a_block_are_those_that_touched_its_lines_within_the_span() {
    let Some(code) = Repository::new() else { return };
    code.commit(CODE, "begin", 1_000_000);
    code.commit(&CODE.replace("80", "443"), "open 443", 1_000_100);
    code.commit(&CODE.replace("80", "443").replace("cidr = 1", "cidr = 2\n  more = 1"), "grow", 1_000_200);
    assert_eq!(code.touched("web", 1_000_050, 1_000_300).unwrap(), ["1000100 open 443"]);
    assert_eq!(code.touched("main", 1_000_050, 1_000_300).unwrap(), ["1000200 grow"]);
    assert_eq!(code.touched("web", 1_000_150, 1_000_300).unwrap(), Vec::<String>::new());
    // What somebody is writing just now moves lines, and is no commit.
    fs::write(code.file(), format!("# a\n# b\n# c\n\n{CODE}")).unwrap();
    assert_eq!(code.touched("web", 1_000_050, 1_000_300).unwrap(), ["1000100 open 443"]);
    assert_eq!(code.touched("gone", 1_000_050, 1_000_300).unwrap_err(), Silence::NotCommitted);
}

#[test]
fn where_nothing_is_known_it_is_said_why() {
    let Some(code) = Repository::new() else { return };
    let nowhere = tempfile::tempdir().unwrap();
    fs::write(nowhere.path().join("main.tf"), CODE).unwrap();
    let block = BlockName { kind: "resource", labels: &["aws_sg", "web"] };
    let ever = (Timestamp::UNIX_EPOCH, Timestamp::from_second(2_000_000_000).unwrap());
    let of = |file: &Path| Repositories::default().commits(file, &block, ever).unwrap_err();
    assert_eq!(of(&nowhere.path().join("main.tf")), Silence::NoRepository);
    code.commit(CODE, "begin", 1_000_000);
    code.commit(&CODE.replace("80", "443"), "open 443", 1_000_100);
    let shallow = tempfile::tempdir().unwrap();
    let from = format!("file://{}", code.0.path().display());
    let into = shallow.path().join("clone");
    code.git(&["clone", "--quiet", "--depth", "1", &from, into.to_str().unwrap()], 0);
    assert_eq!(of(&into.join("net/main.tf")), Silence::Shallow);
}

#[test]
fn a_repository_that_would_run_programs_runs_none() {
    let Some(code) = Repository::new() else { return };
    code.commit(CODE, "begin", 1_000_000);
    code.commit(&CODE.replace("80", "443"), "open 443", 1_000_100);
    let trap = code.0.path().join("trap");
    let bait = format!("touch {}", trap.display());
    for (name, value) in [
        ("core.fsmonitor", bait.as_str()),
        ("core.pager", &bait),
        ("diff.external", &bait),
        ("diff.tf.textconv", &bait),
        ("log.showSignature", "true"),
        ("gpg.program", &bait),
    ] {
        code.git(&["config", name, value], 0);
    }
    fs::write(code.0.path().join(".git/info/attributes"), "*.tf diff=tf\n").unwrap();
    assert_eq!(code.touched("web", 1_000_050, 1_000_300).unwrap(), ["1000100 open 443"]);
    assert!(!trap.exists(), "a program of the repository's configuration was run");
}
