//! A text that may be one of those that are known: letters in order narrow the list, and what nobody knows may be typed too.

use super::fuzzy::Fuzzy;
use super::input::Line;

/// What is typed, and what of the known it may be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pick {
    pub line: Line,
    known: Vec<String>,
    /// The row of [`matches`](Self::matches) that was chosen; without one it is what is typed.
    pub at: Option<usize>,
    /// Filled in at the start: no reason to narrow the list.
    offered: String,
    /// Nobody knows whom it names, and that was said.
    doubted: bool,
}

impl Pick {
    pub fn new(offered: &str, known: Vec<String>) -> Self {
        Self { line: Line::typed(offered), known, at: None, offered: offered.to_owned(), doubted: false }
    }

    /// More are known now; what was chosen stays chosen.
    pub fn learn(&mut self, known: Vec<String>) {
        let chosen = self.at.map(|_| self.text().to_owned());
        self.known = known;
        self.at = chosen.and_then(|chosen| self.matches().iter().position(|one| *one == chosen));
    }

    /// What is known and has these letters, the best first.
    pub fn matches(&self) -> Vec<&str> {
        let words = if self.line.text() == self.offered { "" } else { self.line.text().trim() };
        let mut fuzzy = Fuzzy::new(words);
        let scored = self.known.iter().filter_map(|one| Some((fuzzy.score(one)?, one.as_str())));
        let mut rows: Vec<_> = scored.collect();
        rows.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        rows.into_iter().map(|(_, one)| one).collect()
    }

    /// The chosen one, else what is typed.
    pub fn text(&self) -> &str {
        self.at.and_then(|at| self.matches().get(at).copied()).unwrap_or(self.line.text())
    }

    /// Next or previous; above the first is what is typed.
    pub fn step(&mut self, by: isize) {
        let last = self.matches().len();
        let now = self.at.map_or(0, |at| at + 1);
        self.at = now.saturating_add_signed(by).min(last).checked_sub(1);
    }

    /// Something was typed.
    pub fn changed(&mut self) {
        (self.at, self.doubted) = (None, false);
    }

    /// Takes what is offered for what is typed: the only one at once, of several the first is chosen, to go on from. `false`: there
    /// is nothing to take, or it was taken.
    pub fn complete(&mut self) -> bool {
        if self.at.is_some() || self.is_offered() || self.line.text().trim().is_empty() || self.is_known() {
            return false;
        }
        match self.matches().as_slice() {
            [] => false,
            [only] => {
                self.line = Line::typed(only);
                false
            }
            _ => {
                self.at = Some(0);
                true
            }
        }
    }

    fn is_known(&self) -> bool {
        self.known.iter().any(|one| one == self.text().trim())
    }

    /// Asks once whether somebody is meant whom nobody knows.
    pub fn doubt(&mut self) -> Option<String> {
        let text = self.text().trim();
        if text.is_empty() || self.is_known() || self.is_offered() || self.doubted {
            return None;
        }
        let name = crate::safety::sanitise::cell(text, 20);
        let offer = self.matches().first().map(|one| crate::safety::sanitise::cell(one, 20));
        let tab = offer.map_or(String::new(), |one| format!("tab: {one}; "));
        self.doubted = true;
        Some(format!("{name}? not known: {tab}enter once more takes it as written"))
    }

    /// Nothing was typed or chosen.
    pub fn is_offered(&self) -> bool {
        self.at.is_none() && self.line.text() == self.offered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_narrow_the_list_and_anything_may_be_typed() {
        let mut pick = Pick::new("alice", ["alice", "carol", "network-oncall"].map(String::from).into());
        assert_eq!(pick.matches().len(), 3, "what is only offered narrows nothing");
        assert_eq!(pick.text(), "alice");
        pick.line = Line::typed("noc");
        assert_eq!(pick.matches(), ["network-oncall"]);
        assert_eq!(pick.text(), "noc");
        pick.step(1);
        assert_eq!(pick.text(), "network-oncall");
        pick.step(1);
        assert_eq!(pick.text(), "network-oncall", "the last one");
        pick.step(-1);
        assert_eq!(pick.text(), "noc");
    }

    #[test]
    fn half_a_name_is_completed_and_a_name_nobody_knows_is_asked_about_once() {
        let mut pick = Pick::new("alice", ["alice", "carol", "carla"].map(String::from).into());
        assert_eq!((pick.complete(), pick.doubt()), (false, None), "what is offered is meant");
        pick.line = Line::typed("caro");
        assert_eq!(pick.doubt().unwrap(), "caro? not known: tab: carol; enter once more takes it as written");
        assert_eq!(pick.doubt(), None, "it was said");
        pick.changed();
        assert!(pick.doubt().is_some(), "something else was typed since");
        assert!(!pick.complete() && pick.text() == "carol", "the only one: on to the next field");
        assert_eq!(pick.doubt(), None);
        pick.line = Line::typed("ca");
        pick.changed();
        assert!(pick.complete() && pick.at == Some(0), "of several the first is chosen: stay");
        assert!(!pick.complete(), "and taken by the next tab");
        pick.line = Line::typed("zoe");
        pick.changed();
        assert!(!pick.complete() && pick.text() == "zoe");
        assert_eq!(pick.doubt().unwrap(), "zoe? not known: enter once more takes it as written");
    }
}
