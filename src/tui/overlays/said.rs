//! A line of the audit trail in words: what was decided, which change it was about, as what and until when.

use jiff::Timestamp;

use super::history::clock;
use crate::drift::{AuditEntry, PropertyPath, ResolutionType, TriageVerb, action_words};
use crate::safety::{Tainted, sanitise};
use crate::tui::app::Model;
use crate::tui::app::history::HistoryView;
use crate::tui::app::notice::count;

/// The action with what it was given; of one that takes another back, that one too where it is listed.
pub(super) fn said(model: &Model, view: &HistoryView, entry: &AuditEntry) -> String {
    let undone = match &entry.verb {
        Some(TriageVerb::Undo { seq }) => Some(*seq),
        _ => entry.rule.as_ref().and_then(|rule| rule.undoes),
    };
    let Some(seq) = undone else { return plain(model, entry) };
    let before = view.entries.iter().find(|one| one.seq == seq).map(|one| plain(model, one));
    match before {
        Some(before) => format!("taken back: {before} (number {seq})"),
        None => format!("{}: number {seq}", sanitise::line(action_words(&entry.action))),
    }
}

fn plain(model: &Model, entry: &AuditEntry) -> String {
    let words = sanitise::line(action_words(&entry.action));
    if let Some(change) = &entry.rule {
        let rule = change.after.as_ref().or(change.before.as_ref());
        return rule.map_or(words.clone(), |rule| format!("{words}: {}", rule.says()));
    }
    of_verb(model, words, entry.verb.as_ref())
}

/// The same of what was decided and is in no trail yet.
pub(super) fn decided(model: &Model, verb: &TriageVerb) -> String {
    of_verb(model, sanitise::line(action_words(verb.as_str())), Some(verb))
}

fn of_verb(model: &Model, words: String, verb: Option<&TriageVerb>) -> String {
    let until = |at: &Timestamp| format!(" until {}", clock(model, *at));
    match verb {
        Some(TriageVerb::Snooze { until: at }) => format!("{words}{}", until(at)),
        Some(TriageVerb::Assign { to }) => {
            format!("{words} to {}", to.as_ref().map_or("nobody".into(), Tainted::line))
        }
        Some(TriageVerb::Resolve { resolution_type, until: at }) => {
            format!("{words} as {}{}", resolution_type.as_str(), end(model, *resolution_type, at.as_ref()))
        }
        Some(TriageVerb::SettleChanges { paths, resolution_type, until: at }) => {
            format!("{}: {}{}", these(paths), resolution_type.as_str(), end(model, *resolution_type, at.as_ref()))
        }
        Some(TriageVerb::ReopenChanges { paths }) => format!("{}: reopened", these(paths)),
        Some(TriageVerb::Note { text } | TriageVerb::Link { note: Some(text), .. }) => {
            format!("{words}: {}", text.line())
        }
        Some(TriageVerb::Advise { advice }) => {
            format!("{words}: {}: {}", advice.recommendation_type.as_str(), advice.rationale.line())
        }
        Some(TriageVerb::Tick { step, .. }) => format!("{words}: {step}"),
        Some(TriageVerb::Ignore { rule }) => {
            let end = rule.expires_at.as_ref().map(until).unwrap_or_default();
            let place = rule.environment.as_ref().map_or(" everywhere".to_owned(), |slug| format!(" in {slug}"));
            format!("{words}: {}{place}{end}", rule.says())
        }
        Some(TriageVerb::NeverHide { rule }) => format!("{words}: {}", rule.says()),
        _ => words,
    }
}

fn end(model: &Model, as_what: ResolutionType, until: Option<&Timestamp>) -> String {
    match until {
        Some(at) => format!(" until {}", clock(model, *at)),
        None if as_what == ResolutionType::Accepted => " for good".to_owned(),
        None => String::new(),
    }
}

/// The path of the one change, or how many and the first.
fn these(paths: &[PropertyPath]) -> String {
    match paths {
        [] => "no change".to_owned(),
        [one] => one.0.line(),
        [one, ..] => format!("{} ({}, …)", count(paths.len(), "change"), one.0.line()),
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    fn open(width: u16) -> Screens {
        Screens::open(Sample::shared(), options(Options::default()), (width, 30)).unwrap()
    }

    #[test]
    fn history_says_which_change_was_settled_as_what_until_when() {
        let mut screens = open(160);
        let path = screens.model.selected_change().unwrap().path.0.line();
        screens.keys("d down down tab");
        screens.text("known");
        screens.keys("enter ctrl-u");
        screens.text("friday");
        screens.keys("enter enter");
        screens.act("audit");
        let screen = screens.screen();
        assert!(screen.contains(&format!("{path}: accepted until 2026-11-27 09:00:00")), "{screen}");
        screens.keys("esc u g a");
        let screen = screens.screen();
        assert!(screen.contains(&format!("taken back: {path}: accepted until")), "{screen}");
    }

    #[test]
    fn history_says_what_a_rule_ignores_and_that_accepted_without_an_end_is_for_good() {
        let mut screens = open(160);
        screens.keys("I");
        screens.text("built");
        screens.keys("enter enter j");
        screens.keys("e ctrl-u tab");
        screens.text("known");
        screens.keys("enter enter g a");
        let screen = screens.screen();
        assert!(screen.contains("ignored by rule: aws_"), "{screen}");
        let row = screen.lines().find(|line| line.contains("known") && line.contains("alice")).unwrap();
        assert!(row.contains("resolved as accepted for good"), "{screen}");
    }

    #[test]
    fn the_trail_says_what_was_decided_at_once() {
        let mut screens = open(120);
        screens.act("mark-matching");
        screens.keys("a enter g a");
        let screen = screens.screen();
        assert!(screen.contains("decided at once with 7 others, numbers 1 to 8"), "{screen}");
        screens.keys("esc s enter g a");
        let screen = screens.screen();
        assert!(screen.contains("number 9, ") && !screen.contains("at once"), "{screen}");
    }

    #[test]
    fn the_trail_names_the_environment_at_eighty_columns_too() {
        let mut screens = open(80);
        screens.keys("a g a");
        let screen = screens.screen();
        let row = screen.lines().find(|line| line.contains("acknowledged") && line.contains("alice")).unwrap();
        assert!(row.contains("prod-eu"), "{screen}");
    }
}
