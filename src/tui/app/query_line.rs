//! The query line: what is typed, what could come next, and what is wrong with it.

use super::input::Line;
use crate::drift::query::{Completion, QueryError, Vocabulary, complete};

/// Ways to go on that are offered at once.
const OFFERS: usize = 50;

/// One query on its way.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct QueryLine {
    pub line: Line,
    /// In force when it was opened; comes back on cancel.
    pub before: String,
    /// Ways to go on at the cursor.
    pub offers: Vec<Completion>,
    /// The offer that was chosen with the arrows.
    pub chosen: Option<usize>,
    /// What is wrong first; without such terms the query is in force.
    pub problem: Option<QueryError>,
    /// The name under which it is being saved.
    pub name: Option<Line>,
    /// Steps back in the history, and what was typed before the first.
    walked: usize,
    typed: String,
}

impl QueryLine {
    pub fn new(line: Line, before: String) -> Self {
        Self { line, before, ..Self::default() }
    }

    /// After an edit or a movement in the line: what could come next.
    pub fn offer(&mut self, known: &Vocabulary) {
        let (before, _) = self.line.halves();
        self.offers = complete(self.line.text(), before.len(), known, OFFERS);
        // What stands there already is no way to go on.
        let text = self.line.text();
        self.offers.retain(|offer| text.get(offer.replace.clone()) != Some(&offer.text));
        self.chosen = None;
    }

    /// Takes the chosen offer, or the first one; `false`: there is none.
    pub fn take(&mut self) -> bool {
        let Some(offer) = self.offers.get(self.chosen.unwrap_or(0)).cloned() else { return false };
        let ends = offer.replace.end == self.line.text().len();
        self.line.replace(offer.replace, &offer.text);
        // A whole term: the next one may begin.
        if ends && !offer.text.ends_with(':') {
            self.line.insert(' ');
        }
        self.edited();
        true
    }

    /// It was typed, and does not come from the history any more.
    pub fn edited(&mut self) {
        self.walked = 0;
    }

    /// Down goes into the offers; up leaves them, and then goes back in the history. `true`: another text stands there.
    pub fn step(&mut self, down: bool, history: &[String]) -> bool {
        let last = self.offers.len().checked_sub(1);
        match (self.chosen, down) {
            (Some(at), true) => self.chosen = last.map(|last| (at + 1).min(last)),
            (Some(at), false) => self.chosen = at.checked_sub(1),
            (None, true) if self.walked == 0 => self.chosen = last.map(|_| 0),
            (None, _) => return self.walk(down, history),
        }
        false
    }

    fn walk(&mut self, down: bool, history: &[String]) -> bool {
        if self.walked == 0 {
            self.line.text().clone_into(&mut self.typed);
        }
        let to = if down { self.walked - 1 } else { (self.walked + 1).min(history.len()) };
        if to == self.walked {
            return false;
        }
        self.walked = to;
        let text = to.checked_sub(1).and_then(|at| history.iter().rev().nth(at)).unwrap_or(&self.typed);
        self.line = Line::typed(text);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(text: &str) -> QueryLine {
        let mut line = QueryLine::new(Line::new(text), String::new());
        line.offer(&Vocabulary { environments: vec!["prod eu".into(), "stage".into()], ..Vocabulary::default() });
        line
    }

    #[test]
    fn an_offer_completes_the_term_and_leaves_the_rest() {
        let mut one = line("web en");
        assert!(one.take());
        assert_eq!(one.line.text(), "web env:");
        let mut one = line("env:");
        assert!(!one.step(true, &[]) && !one.step(true, &[]));
        assert!(one.take());
        assert_eq!(one.line.text(), "env:stage ");
        assert!(!line("nothing-like-it").take());
    }

    #[test]
    fn up_goes_back_in_the_history_and_down_comes_back_to_what_was_typed() {
        let history = ["older".to_owned(), "newer".to_owned()];
        let mut one = line("half");
        assert!(one.step(false, &history) && one.step(false, &history));
        assert_eq!(one.line.text(), "older");
        assert!(!one.step(false, &history), "there is nothing older");
        assert!(one.step(true, &history) && one.step(true, &history));
        assert_eq!(one.line.text(), "half");
        assert!(!line("").step(false, &[]));
    }

    proptest! {
        #[test]
        fn whatever_is_pressed_the_cursor_stays_in_the_line(text in "[-@a-z:\" ,é👩\u{301}]{0,30}", keys in "[a-jé ]{0,30}") {
            let history = ["is:new".to_owned(), "é:".to_owned()];
            let mut one = line(&text);
            for key in keys.chars() {
                match key {
                    'a' => one.line.left(),
                    'b' => one.line.right(),
                    'c' => one.line.delete_back(),
                    'd' => one.line.delete(),
                    'e' => one.line.delete_word(),
                    'f' => drop(one.take()),
                    'g' => drop(one.step(true, &history)),
                    'h' => drop(one.step(false, &history)),
                    'i' => one.line.start(),
                    'j' => one.line.delete_line(),
                    c => one.line.insert(c),
                }
                one.offer(&Vocabulary { environments: vec!["é \u{301}".into()], ..Vocabulary::default() });
                let (before, after) = one.line.halves();
                prop_assert_eq!(format!("{before}{after}"), one.line.text());
                prop_assert!(one.chosen.is_none_or(|at| at < one.offers.len()));
            }
        }
    }
}
