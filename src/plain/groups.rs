//! `group:` in the query: several drifts as one line, and what is in one of them.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::words::Which;
use super::{Plain, say, words};
use crate::drift::Slug;
use crate::drift::query::Group;

/// Groups that are listed.
const MOST: usize = 200;

impl<R: BufRead, W: Write> Plain<R, W> {
    /// The groups of the query; no drift is listed meanwhile.
    pub(super) async fn list_groups(&mut self, by: Group) -> io::Result<()> {
        (self.listed, self.more, self.current) = (vec![], None, None);
        let groups = match self.service.groups(self.filter(), by, MOST).await {
            Ok(groups) => groups,
            Err(why) => return self.problem(&why.to_string()),
        };
        let now = Timestamp::now();
        let place = |slug: &Slug| self.places.name(slug);
        let rows: Vec<String> =
            groups.rows.iter().enumerate().map(|(at, row)| say::group(at + 1, row, &place, now)).collect();
        rows.iter().try_for_each(|row| self.say(row))?;
        let more = groups.total.saturating_sub(rows.len() as u64);
        let more = if more > 0 { format!("; {more} more have no line: narrow the query") } else { String::new() };
        let least = if groups.is_cut { "at least " } else { "" };
        let count = |number: u64, one: &str| words::count(usize::try_from(number).unwrap_or(usize::MAX), one);
        let (drifts, total) = (count(groups.drifts, "drift"), count(groups.total, "group"));
        let open = if rows.is_empty() { "" } else { "; `open N` lists the drifts of one" };
        self.groups = groups.rows;
        self.say(&format!("{least}{drifts} in {total}{more}{open}"))
    }

    /// The drifts of one group that was listed, until the next `list`.
    pub(super) async fn open(&mut self, text: &str) -> io::Result<()> {
        if self.groups.is_empty() {
            return self.problem("no groups are listed: `list group:incident` lists some");
        }
        match words::one(text, self.groups.len(), "list") {
            Ok((number, "")) => self.member = Some(self.groups[number - 1].key),
            Ok(_) => return self.problem("one at a time"),
            Err(why) => return self.problem(&why),
        }
        self.more = None;
        self.fetch().await
    }

    /// What the numbers at the start of a text name among the drifts that are listed, and the rest of it.
    pub(super) fn which<'a>(&self, text: &'a str) -> Result<(Which, &'a str), String> {
        match words::which(text, self.listed.len(), self.current) {
            Err(_) if self.listed.is_empty() && !self.groups.is_empty() => {
                Err("groups are listed, not drifts: `open N` lists the drifts of one".into())
            }
            found => found,
        }
    }
}
