//! From field to field of a form: what does not matter for what is chosen is passed over, and what was not seen yet is not.

use super::overlay::{Form, FormKind};
use crate::drift::{Cause, ResolutionType};

impl Form {
    /// Puts a field in focus.
    pub fn go(&mut self, at: usize) {
        self.at = at;
        self.furthest = self.furthest.max(at);
    }

    /// The next field that matters, or the one before.
    pub fn turn(&mut self, by: isize) {
        let len = self.fields.len().max(1);
        let mut at = self.at;
        for _ in 0..len {
            at = (at + len).saturating_add_signed(by) % len;
            if self.is_asked(at) {
                break;
            }
        }
        self.go(at);
    }

    /// Only what is accepted may end at a time.
    pub fn is_asked(&self, at: usize) -> bool {
        let is_until = self.fields.get(at).is_some_and(|field| field.label == "until");
        let chooses = matches!(self.kind, FormKind::Resolve | FormKind::ResolveChange);
        !(is_until && chooses) || self.resolution() == Some(ResolutionType::Accepted)
    }

    /// How it is settled, where that is chosen.
    pub fn resolution(&self) -> Option<ResolutionType> {
        let chosen = self.field("as")?.chosen();
        ResolutionType::ALL.get(chosen % ResolutionType::ALL.len()).copied()
    }

    /// The cause that is chosen, if one is.
    pub fn cause(&self) -> Option<Cause> {
        let chosen = self.field("cause")?.value.text();
        Cause::ALL.into_iter().find(|cause| cause.as_str() == chosen)
    }

    /// The field that says until when, when nobody was there yet: what has no end is a choice, and no oversight.
    pub fn unseen_end(&self) -> Option<usize> {
        let at = self.fields.iter().position(|field| field.label == "until")?;
        (self.field("as").is_some() && self.is_asked(at) && self.furthest < at).then_some(at)
    }
}
