//! Wherever somebody decides, production is a word.

use std::sync::Arc;

use crate::drift::Slug;
use crate::tui::Options;
use crate::tui::app::Msg;
use crate::tui::app::testkit::{self, Screens};
use crate::tui::sample::Sample;

fn open(options: Options, size: (u16, u16)) -> Screens {
    Screens::open(Arc::new(Sample::default()), testkit::options(options), size).unwrap()
}

fn protected() -> Options {
    Options { protected: [Slug::from_text("prod-eu")].into(), ..Options::default() }
}

/// The first row with these words in it.
fn row(screens: &Screens, words: &str) -> String {
    let screen = screens.screen();
    screen.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("no {words} in\n{screen}")).to_owned()
}

#[test]
fn a_row_of_the_timeline_says_production_beside_its_environment() {
    for size in [(80, 24), (120, 40), (160, 45), (250, 80)] {
        let screens = open(Options::default(), size);
        let shown = row(&screens, "aws_s3_bucket.invoices");
        assert!(shown.contains("prod-eu") && shown.contains(" PROD "), "{size:?}: {shown}");
        let other = row(&screens, "ConfigMap");
        assert!(other.contains("shop-k8s") && !other.contains("PROD"), "{size:?}: {other}");
    }
    let narrow = row(&open(Options::default(), (60, 24)), "invoices");
    assert!(narrow.contains("P "), "{narrow}");
}

#[test]
fn a_protected_environment_has_a_mark_of_its_own() {
    for size in [(80, 24), (120, 40), (160, 45)] {
        let mut screens = open(protected(), size);
        assert!(row(&screens, "aws_s3_bucket.invoices").contains("PROD⊘"), "{}", screens.screen());
        screens.act("focus-environments");
        screens.keys("down");
        let title = screens.screen().lines().next().unwrap().to_owned();
        assert!(title.contains("prod-eu PROD") && title.contains("protected"), "{title}");
        assert!(!open(Options::default(), size).screen().contains('⊘'));
    }
    assert!(row(&open(protected(), (160, 45)), "C1 H1 M1 L2").contains("PROD⊘"));
    let ascii = Options { theme: crate::tui::theme::Theme::default().with_ascii(true), ..protected() };
    let screens = open(ascii, (80, 24));
    assert!(row(&screens, "aws_s3_bucket.invoices").contains("PROD#"), "{}", screens.screen());
}

#[test]
fn a_form_says_in_its_own_text_that_it_is_about_production() {
    for verb in ["accept", "snooze", "resolve", "escalate", "ignore", "note", "resolve-change"] {
        let mut screens = open(Options::default(), (80, 24));
        screens.act(verb);
        let screen = screens.screen();
        assert!(screen.contains("in PRODUCTION prod-eu"), "{verb}: {screen}");
    }
    let mut screens = open(Options::default(), (80, 24));
    screens.keys("down");
    screens.act("accept");
    assert!(screens.screen().contains("in shop-k8s"), "{}", screens.screen());
    let mut screens = open(protected(), (80, 24));
    screens.act("snooze");
    assert!(screens.screen().contains("in PRODUCTION prod-eu (protected)"), "{}", screens.screen());
}

#[test]
fn a_plan_names_production_first_and_in_every_row() {
    let mut screens = open(Options::default(), (120, 40));
    screens.act("mark-matching");
    screens.act("acknowledge");
    let head = row(&screens, "in PRODUCTION prod-eu 5");
    assert!(head.contains("bastion 1, shop-k8s 2"), "{head}");
    assert!(screens.screen().contains("prod-eu PROD aws_s3_bucket.invoices"), "{}", screens.screen());
}

#[test]
fn one_acceptance_in_production_is_saved_only_after_its_plan_named_production() {
    let mut screens = open(Options::default(), (80, 24));
    screens.act("accept");
    screens.keys("tab");
    screens.text("on purpose");
    screens.keys("enter");
    let screen = screens.screen();
    assert!(screen.contains("in PRODUCTION prod-eu") && screen.contains("enter apply"), "{screen}");
    assert!(!screen.contains("saved"), "{screen}");
    screens.keys("enter");
    assert!(screens.screen().contains("saved: accept"), "{}", screens.screen());
}

#[test]
fn a_group_and_an_incident_say_production() {
    let mut screens = open(Options::default(), (120, 40));
    screens.keys("/");
    screens.text("group:resource");
    screens.keys("enter");
    assert!(row(&screens, "aws_s3_bucket.invoices").contains("prod-eu PROD"), "{}", screens.screen());
    let mut screens = open(Options::default(), (120, 40));
    screens.keys("/");
    screens.text("group:actor");
    screens.keys("enter");
    let spread = row(&screens, "by nobody known");
    assert!(spread.contains("prod-eu PROD, bastion"), "production comes first: {spread}");
    for size in [(80, 24), (160, 45)] {
        let mut screens = open(Options::default(), size);
        screens.act("incident");
        screens.text("-7d");
        screens.keys("enter");
        let screen = screens.screen();
        let of_prod = screen.lines().filter(|line| line.contains("prod-eu")).collect::<Vec<_>>();
        assert!(!of_prod.is_empty() && of_prod.iter().all(|line| line.contains("PROD ")), "{size:?}: {screen}");
    }
}

#[test]
fn where_no_environment_is_known_the_list_says_how_there_comes_one() {
    let mut screens = Screens::open(Arc::new(Sample::empty()), testkit::options(Options::default()), (80, 24)).unwrap();
    assert!(!screens.screen().contains("nothing to scan here"), "there are some");
    screens.model.environments.list.clear();
    let screen = screens.screen();
    for part in ["nothing to scan here", "--state", "[[environment]]", "driftguard demo"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
}

#[test]
fn a_read_only_view_says_its_age_and_offers_no_scan() {
    let mut screens = Screens::connecting(Sample::shared(), testkit::options(Options::default()), (120, 40)).unwrap();
    let why = "by --read-only".to_owned();
    let at = crate::tui::sample::ago(3);
    screens.send(Msg::Connected { mode: "local".into(), read_only: Some(why), as_of: Some(at) });
    let screen = screens.screen();
    assert!(screen.contains("READ-ONLY 3m old"), "{screen}");
    assert!(!screen.contains("r scan"), "{screen}");
    screens.act("scan");
    assert!(
        screens.screen().contains("scan: read-only: by --read-only; nothing is scanned from here"),
        "{}",
        screens.screen()
    );
    screens.act("acknowledge");
    assert!(screens.screen().contains("acknowledge: read-only: by --read-only"), "{}", screens.screen());
}

#[test]
fn an_environment_that_is_not_loaded_yet_goes_by_its_name() {
    let mut screens = open(Options::default(), (120, 40));
    screens.model.environments.list.clear();
    assert!(
        row(&screens, "aws_s3_bucket.invoices").contains(" PROD "),
        "unknown is not harmless: {}",
        screens.screen()
    );
}
