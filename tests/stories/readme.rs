//! What the README and the pages of `docs/` say is so.

use clap::Parser;
use driftguard::cli::Cli;
use driftguard::tui::app::action;
use driftguard::tui::keymap;

use crate::support::{driftguard, run};

/// The README, and the pages it leads to.
pub fn readme() -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs")).unwrap().map(|page| page.unwrap().path());
    let mut pages: Vec<_> = pages.filter(|page| page.extension().is_some_and(|end| end == "md")).collect();
    pages.sort();
    assert!(!pages.is_empty());
    let texts = std::iter::once(root.join("README.md")).chain(pages).map(|page| std::fs::read_to_string(page).unwrap());
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_page_it_leads_to_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let links: Vec<&str> = readme.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()).collect();
    let here: Vec<&&str> = links.iter().filter(|link| !link.is_empty() && !link.contains("://")).collect();
    assert!(here.len() >= 6, "{here:?}");
    for link in here {
        assert!(root.join(link).exists(), "{link}");
    }
}

#[test]
fn the_key_table_is_the_one_of_the_program() {
    let readme = readme();
    let table = readme.split("<!-- keys -->\n").nth(1).and_then(|rest| rest.split("<!-- /keys -->").next()).unwrap();
    let keymap = keymap::builtin("default").unwrap();
    assert_eq!(table, action::key_table_markdown(&keymap), "run `driftguard keys` and paste what it prints");
}

#[test]
fn the_table_of_aws_types_is_the_one_of_the_program() {
    let home = tempfile::tempdir().unwrap();
    let (code, printed, err) = run(driftguard(home.path()).args(["aws", "types", "--format", "markdown"]));
    assert_eq!(code, 0, "{err}");
    let readme = readme();
    let table = readme.split("<!-- types -->\n").nth(1).and_then(|rest| rest.split("<!-- /types -->").next()).unwrap();
    assert!(table == printed, "paste what `driftguard aws types --format markdown` prints between the marks");
}

#[test]
fn every_command_it_shows_is_one_the_program_takes() {
    let readme = readme();
    let shown: Vec<&str> = readme
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .flat_map(str::lines)
        .map(|line| line.split(" #").next().unwrap_or_default().trim())
        .filter(|line| line.starts_with("driftguard"))
        .collect();
    assert!(shown.len() >= 4, "{shown:?}");
    for line in shown {
        let words = line.split_whitespace().map(|word| word.trim_matches('\''));
        assert!(Cli::try_parse_from(words).is_ok(), "{line}");
    }
}

#[test]
fn the_keys_of_a_night_are_counted() {
    let says = format!("50 drifts in {} keys", crate::keys::KEYS_OF_A_NIGHT);
    assert!(readme().contains(&says), "{says}");
}

#[test]
fn its_pictures_are_current() {
    let home = tempfile::tempdir().unwrap();
    let drawn = home.path().join("pictures");
    let (code, _, err) = run(driftguard(home.path()).arg("screenshots").arg(&drawn));
    assert_eq!(code, 0, "{err}");
    let kept = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/screenshots"));
    let mut names: Vec<_> = std::fs::read_dir(&drawn).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let text = |directory: &std::path::Path| std::fs::read_to_string(directory.join(&name)).unwrap_or_default();
        let current = text(kept) == text(&drawn);
        assert!(current, "{} is out of date: run `driftguard screenshots screenshots`", name.display());
    }
}
