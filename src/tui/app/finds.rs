//! Queries a person keeps: by name (views), and as they were asked (history).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::drift::query::{Query, QueryError};
use crate::safety::sanitise;

/// Views that are always there, with a few words about each; one of the same name in the user's file takes its place.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("new", "is:new"),
    ("mine", "is:mine"),
    ("regressed", "is:regressed"),
    ("critical", "sev:critical"),
    ("snoozed", "is:snoozed"),
    ("last-2h", "@-2h"),
];
/// Queries remembered.
pub const HISTORY: usize = 200;
/// Bytes of a name.
pub const NAME: usize = 60;

/// A query by name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct View {
    pub name: String,
    /// As it was typed.
    pub query: String,
    pub is_built_in: bool,
}

/// What is kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Finds {
    /// The user's own, in the order of the file.
    pub own: Vec<View>,
    /// The last one last; none twice.
    pub history: Vec<String>,
    /// The view that was deleted last in this session.
    pub deleted: Option<View>,
}

impl Finds {
    /// Every view, the user's first.
    pub fn views(&self) -> Vec<View> {
        let built_in = BUILT_IN.iter().filter(|(name, _)| self.own.iter().all(|view| view.name != *name));
        let built_in =
            built_in.map(|(name, query)| View { name: (*name).into(), query: (*query).into(), is_built_in: true });
        self.own.iter().cloned().chain(built_in).collect()
    }

    /// Puts them at the end of the history, one after the other.
    pub fn remember_all<'a>(&mut self, queries: impl IntoIterator<Item = &'a str>) {
        for query in queries {
            self.remember(query);
        }
    }

    /// Puts it at the end of the history; `false`: it is there already, or is no query.
    pub fn remember(&mut self, query: &str) -> bool {
        let query = query.trim();
        if query.is_empty() || self.history.last().is_some_and(|last| last == query) {
            return false;
        }
        self.history.retain(|old| old != query);
        self.history.push(query.to_owned());
        let surplus = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..surplus);
        true
    }

    /// Puts a view in the place of the one of its name, or at the end.
    pub fn put(&mut self, name: &str, query: &str) {
        let view = View { name: name.to_owned(), query: query.to_owned(), is_built_in: false };
        match self.own.iter_mut().find(|old| old.name == name) {
            Some(old) => *old = view,
            None => self.own.push(view),
        }
    }
}

/// A name as it may stand in the file and on the screen.
///
/// # Errors
/// A sentence about what is wrong with it.
pub fn named(typed: &str) -> Result<String, String> {
    let name = typed.trim();
    if name.is_empty() {
        return Err("a view needs a name".into());
    }
    if name.len() > NAME || sanitise::line(name) != name {
        return Err(format!("a name has at most {NAME} bytes, and none that cannot be shown"));
    }
    Ok(name.to_owned())
}

/// Whether a view can be asked.
///
/// # Errors
/// As [`Query::parse`].
pub fn check(query: &str, now: Timestamp, zone: &TimeZone) -> Result<(), QueryError> {
    Query::parse(query, now, zone).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_has_each_query_once_and_comes_to_an_end() {
        let mut finds = Finds::default();
        assert!(finds.remember(" is:new ") && finds.remember("web") && finds.remember("is:new"));
        assert!(!finds.remember("is:new") && !finds.remember("  "));
        assert_eq!(finds.history, ["web", "is:new"]);
        let many: Vec<String> = (0..2 * HISTORY).map(|n| format!("n{n}")).collect();
        finds.remember_all(many.iter().map(String::as_str));
        assert_eq!((finds.history.len(), finds.history.last().unwrap().as_str()), (HISTORY, "n399"));
    }

    #[test]
    fn every_built_in_view_can_be_asked_and_gives_way_to_the_users_own() {
        for (name, query) in BUILT_IN {
            assert_eq!(check(query, Timestamp::UNIX_EPOCH, &TimeZone::UTC), Ok(()), "{name}");
        }
        let mut finds = Finds::default();
        finds.put("mine", "owner:bob");
        let mine: Vec<View> = finds.views().into_iter().filter(|view| view.name == "mine").collect();
        assert_eq!(mine, [View { name: "mine".into(), query: "owner:bob".into(), is_built_in: false }]);
    }
}
