//! Lists and looks; nothing here decides.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::{Plain, say, words};
use crate::analysis::narrative::Narrative;
use crate::drift::query::Query;
use crate::drift::{DriftDetail, DriftEvent, DriftId, DriftType, RemediationKind, bulk};
use crate::service::EnvironmentSummary;
use crate::store::{Direction, PageRequest};
use crate::tui::app::snippet;

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
        (self.more, self.groups, self.member) = (None, vec![], None);
        self.fetch().await
    }

    pub(super) async fn page(&mut self) -> io::Result<()> {
        match self.more {
            Some(_) => self.fetch().await,
            None => self.say("that was all"),
        }
    }

    pub(super) async fn fetch(&mut self) -> io::Result<()> {
        if let Some(by) = self.query.group.filter(|_| self.member.is_none()) {
            return self.list_groups(by).await;
        }
        let (filter, cursor) = (self.filter(), self.more.take());
        let request = PageRequest { filter, cursor, direction: Direction::Older, limit: PAGE };
        let page = match self.service.drifts(request).await {
            Ok(page) => page,
            Err(why) => return self.problem(&why.to_string()),
        };
        (self.listed, self.more, self.current) = (page.data, page.next, None);
        self.look_around().await;
        let now = Timestamp::now();
        let looking = self.looking().await;
        let row = |(at, event): (usize, &DriftEvent)| {
            let here = looking.get(&event.id).and_then(|names| say::looking(names));
            let here = here.map(|words| format!(", {words}")).unwrap_or_default();
            format!("{}{here}", say::row(at + 1, event, &self.places.name(&event.environment), now))
        };
        let rows: Vec<String> = self.listed.iter().enumerate().map(row).collect();
        rows.iter().try_for_each(|row| self.say(row))?;
        let more = if self.more.is_some() { "; there are more: `more`" } else { "" };
        self.say(&format!("{} listed{more}", words::count(rows.len(), "drift")))
    }

    /// Who else looks at which drift now, by name; nobody where that cannot be asked.
    async fn looking(&self) -> BTreeMap<DriftId, Vec<String>> {
        let (all, me) = (self.service.looking().await.unwrap_or_default(), self.service.signs_as());
        let mut names: BTreeMap<DriftId, Vec<String>> = BTreeMap::new();
        for (who, spot) in all.into_iter().filter_map(|one| Some((one.who, one.at?))) {
            let (name, here) = (who.line(), names.entry(spot.drift).or_default());
            if me.as_ref() != Some(&who) && !here.contains(&name) {
                here.push(name);
            }
        }
        names
    }

    /// The one drift a text names, with everything about it.
    pub(super) async fn one(&mut self, text: &str) -> io::Result<Option<(usize, DriftDetail)>> {
        let number = match self.which(text) {
            Ok((which, rest)) if which.rows.len() == 1 && rest.is_empty() => which.rows[0],
            Ok((which, rest)) if which.rows.len() == 1 => {
                let rest = crate::safety::sanitise::cell(rest, 30);
                return self.problem(&format!("`{rest}` is no number of the list")).map(|()| None);
            }
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
        let environment = &detail.event.environment;
        let place = (&*self.places.name(environment), self.places.is_production(environment));
        let mut lines = say::detail(number, &detail, place, Timestamp::now(), &self.zone);
        let here = self.looking().await.remove(&detail.event.id).and_then(|names| say::looking(&names));
        lines.extend(here.map(|words| format!("   {words}")));
        lines.iter().try_for_each(|line| self.say(line))
    }

    /// Both bodies, or one of them.
    pub(super) async fn body(&mut self, text: &str) -> io::Result<()> {
        let (text, only) = match text.rsplit_once(char::is_whitespace).unwrap_or(("", text)) {
            (before, only @ ("declared" | "live")) => (before.trim(), Some(only)),
            _ => (text, None),
        };
        let Some((_, detail)) = self.one(text).await? else { return Ok(()) };
        let event = &detail.event;
        let gone = if event.drift_type == DriftType::Deleted { "it is gone" } else { "nothing is kept of it" };
        let undeclared =
            if event.drift_type == DriftType::Added { "no code declares it" } else { "nothing is kept of it" };
        for (name, body, none) in
            [("declared", &detail.declared_state, undeclared), ("live", &detail.actual_state, gone)]
        {
            if only.is_some_and(|only| only != name) {
                continue;
            }
            match body {
                Some(body) => {
                    self.say(&format!("{name}:"))?;
                    body.pretty().iter().try_for_each(|line| self.say(&format!("   {line}")))?;
                }
                None => self.say(&format!("{name}: {none}"))?,
            }
        }
        Ok(())
    }

    /// What is of use in a shell or in the code.
    pub(super) async fn commands(&mut self, text: &str) -> io::Result<()> {
        let Some((_, detail)) = self.one(text).await? else { return Ok(()) };
        let environments = self.service.environments().await.unwrap_or_default();
        let here = environments.iter().find(|one| one.environment.slug == detail.event.environment);
        let revert = snippet::revert(&detail.event, here.map(|one| one.environment.cloud_provider));
        let import = snippet::import(&detail.event);
        let ways = [
            ("put it back", RemediationKind::AutoRevert, revert),
            ("take it into the code", RemediationKind::CodifyIac, import),
        ];
        for (name, kind, text) in ways {
            match text {
                Ok(text) => {
                    let refusal = kind.refusal(&detail.event, Timestamp::now());
                    let but = refusal.map(|why| format!(" (but {why})")).unwrap_or_default();
                    self.say(&format!("{name}{but}:"))?;
                    text.lines().try_for_each(|line| self.say(&format!("   {line}")))?;
                }
                Err(why) => self.say(&format!("{name}: {why}"))?,
            }
        }
        Ok(())
    }

    pub(super) async fn resource(&mut self, text: &str) -> io::Result<()> {
        let Some((_, detail)) = self.one(text).await? else { return Ok(()) };
        match self.service.relations(detail.event.id).await {
            Ok(relations) => {
                let lines = say::relations(&detail.event, &relations, Timestamp::now());
                lines.iter().try_for_each(|line| self.say(line))
            }
            Err(why) => self.problem(&why.to_string()),
        }
    }

    pub(super) async fn who(&mut self, text: &str) -> io::Result<()> {
        let Some((_, detail)) = self.one(text).await? else { return Ok(()) };
        match self.service.who(detail.event.id).await {
            Ok(who) => {
                let zone = self.zone.clone();
                let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
                crate::report::who::text(&who, clock).iter().try_for_each(|line| self.say(line))
            }
            Err(why) => self.problem(&why.to_string()),
        }
    }

    pub(super) async fn narrative(&mut self, text: &str) -> io::Result<()> {
        let Some((_, detail)) = self.one(text).await? else { return Ok(()) };
        let zone = self.zone.clone();
        let clock = move |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
        match crate::service::narrative(self.service.as_ref(), detail.event.id, &clock).await {
            Ok(told) => {
                let sentences = told.sentences.iter().map(Narrative::numbered);
                let lines: Vec<String> = sentences.chain(told.references()).collect();
                lines.iter().try_for_each(|line| self.say(line))
            }
            Err(why) => self.problem(&why.to_string()),
        }
    }

    pub(super) async fn analyse(&mut self, text: &str) -> io::Result<()> {
        let Some((_, detail)) = self.one(text).await? else { return Ok(()) };
        let address = detail.event.resource.resource_id.line();
        match self.service.analyse(detail.event.id, None).await {
            Ok(event) => {
                let advice: Vec<&str> =
                    event.recommendations.iter().map(|one| one.recommendation_type.as_str()).collect();
                self.say(&format!("{address}: analysed anew; the advice is {}", advice.join(", ")))
            }
            Err(why) => self.problem(&why.to_string()),
        }
    }

    pub(super) async fn environments(&mut self) -> io::Result<()> {
        match self.service.environments().await {
            Ok(list) => {
                let now = Timestamp::now();
                self.places.learn(&list);
                let place = |one: &EnvironmentSummary| self.places.name(&one.environment.slug);
                let told = list.iter().flat_map(|one| say::environment(one, &place(one), now, &self.zone));
                let told: Vec<String> = told.collect();
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
        let line = |(at, entry)| {
            let beside = bulk::beside(&entries, at).map(|words| format!(", {words}")).unwrap_or_default();
            format!("{}{beside}", say::entry(entry, &self.zone))
        };
        let lines: Vec<String> = entries.iter().enumerate().map(line).collect();
        lines.iter().try_for_each(|line| self.say(line))
    }
}
