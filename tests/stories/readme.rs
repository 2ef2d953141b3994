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

/// As a heading is named in an address.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

#[test]
fn every_page_and_heading_that_is_led_to_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|page| page.unwrap().path());
    let mut followed = 0;
    for page in std::iter::once(root.join("README.md")).chain(docs) {
        let text = std::fs::read_to_string(&page).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", page.display());
            if let Some(heading) = heading {
                let there = std::fs::read_to_string(&target).unwrap();
                let mut headings = there.lines().filter(|line| line.starts_with('#')).map(anchor);
                assert!(headings.any(|one| one == heading), "{}: {link}", page.display());
            }
            followed += 1;
        }
    }
    assert!(followed >= 10, "{followed}");
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
