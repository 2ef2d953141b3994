//! Lists and looks; nothing here decides.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::{Plain, say, words};
use crate::drift::query::Query;
use crate::drift::{DriftDetail, State};
use crate::store::{Direction, DriftFilter, PageRequest};

/// Rows of a page.
const PAGE: usize = 50;
/// Entries of the history.
const ENTRIES: usize = 50;

impl<R: BufRead, W: Write> Plain<R, W> {
    /// A new list; without a query the last one again, `all` for none.
    pub(super) async fn list(&mut self, text: &str) -> io::Result<()> {
        match text {
            "" => {}
            "all" => self.query = Query::default(),
            text => match Query::parse(text, Timestamp::now(), &self.zone) {
                Ok(query) => self.query = query,
                Err(why) => return self.problem(&why.to_string()),
            },
        }
        self.more = None;
        self.fetch().await
    }

    pub(super) async fn page(&mut self) -> io::Result<()> {
        match self.more {
            Some(_) => self.fetch().await,
            None => self.say("that was all"),
        }
    }

    async fn fetch(&mut self) -> io::Result<()> {
        let states = if self.query.names_states() { vec![] } else { vec![State::Open, State::Acknowledged] };
        let filter =
            DriftFilter { query: self.query.clone(), me: self.actor.clone(), states, ..DriftFilter::default() };
        let cursor = self.more.take();
        let request = PageRequest { filter, cursor, direction: Direction::Older, limit: PAGE };
        let page = match self.service.drifts(request).await {
            Ok(page) => page,
            Err(why) => return self.problem(&why.to_string()),
        };
        (self.listed, self.more, self.current) = (page.data, page.next, None);
        let now = Timestamp::now();
        let rows: Vec<String> =
            self.listed.iter().enumerate().map(|(at, event)| say::row(at + 1, event, now)).collect();
        rows.iter().try_for_each(|row| self.say(row))?;
        let more = if self.more.is_some() { "; there are more: `more`" } else { "" };
        self.say(&format!("{} listed{more}", words::count(rows.len(), "drift")))
    }

    /// The one drift a text names, with everything about it.
    async fn one(&mut self, text: &str) -> io::Result<Option<(usize, DriftDetail)>> {
        let number = match words::numbers(text, self.listed.len(), self.current) {
            Ok((numbers, _)) if numbers.len() == 1 => numbers[0],
            Ok(_) => return self.problem("one at a time").map(|()| None),
            Err(why) => return self.problem(&why).map(|()| None),
        };
        let Some(event) = self.listed.get(number - 1) else { return Ok(None) };
        match self.service.drift(event.id).await {
            Ok(detail) => {
                self.current = Some(number);
                // From now on a decision is about what was just seen.
                self.listed[number - 1] = detail.event.clone();
                Ok(Some((number, detail)))
            }
            Err(why) => self.problem(&why.to_string()).map(|()| None),
        }
    }

    pub(super) async fn show(&mut self, text: &str) -> io::Result<()> {
        let Some((number, detail)) = self.one(text).await? else { return Ok(()) };
        let lines = say::detail(number, &detail, Timestamp::now(), &self.zone);
        lines.iter().try_for_each(|line| self.say(line))
    }

    pub(super) async fn hidden(&mut self, text: &str) -> io::Result<()> {
        let Some((_, detail)) = self.one(text).await? else { return Ok(()) };
        let lines = say::untold(&detail);
        if lines.is_empty() {
            return self.say("nothing is hidden, and everything was compared");
        }
        lines.iter().try_for_each(|line| self.say(line))
    }

    pub(super) async fn environments(&mut self) -> io::Result<()> {
        match self.service.environments().await {
            Ok(list) => {
                let now = Timestamp::now();
                let told: Vec<String> = list.iter().flat_map(|one| say::environment(one, now, &self.zone)).collect();
                told.iter().try_for_each(|line| self.say(line))
            }
            Err(why) => self.problem(&why.to_string()),
        }
    }

    pub(super) async fn history(&mut self, text: &str) -> io::Result<()> {
        let entries = if text.is_empty() {
            match self.service.audit(ENTRIES).await {
                Ok(entries) => entries,
                Err(why) => return self.problem(&why.to_string()),
            }
        } else {
            let Some((_, detail)) = self.one(text).await? else { return Ok(()) };
            detail.history
        };
        if entries.is_empty() {
            return self.say("nothing was decided");
        }
        let lines: Vec<String> = entries.iter().map(|entry| say::entry(entry, &self.zone)).collect();
        lines.iter().try_for_each(|line| self.say(line))
    }
}
