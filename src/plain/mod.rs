//! The whole triage line by line: for screen readers, dumb terminals, pipes and logs. Plain text only, one sentence a line; the
//! service, its refusals and the sanitiser are those of the screens.

mod advice;
mod approve;
mod asking;
mod choose;
mod decide;
mod groups;
mod hidden;
mod ignore;
mod place;
mod read;
mod rules;
mod say;
mod telling;
mod undo;
mod words;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::drift::query::{GroupKey, GroupRow, Query};
use crate::drift::{DriftEvent, RemediationVerb, Slug};
use crate::gemini::GeminiSpec;
use crate::safety::sanitise;
use crate::service::DriftService;
use crate::store::Cursor;
use crate::tui::app::notice::NOTHING_TO_SCAN;
use asking::Asked;
use hidden::Aside;
use place::Places;
use rules::Listed;
use undo::Batch;
pub use words::HELP;

/// Longer lines are cut: nobody types them.
const LONGEST: u64 = 64 * 1024;
/// How often it is looked whether a scan is done, and how long at most.
const LOOK: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(600);

/// One session. `input`: a person or a script; `out`: lines without a single control character.
pub struct Plain<R, W> {
    service: Arc<dyn DriftService>,
    input: R,
    out: W,
    actor: String,
    zone: TimeZone,
    /// Somebody is typing: prompts end without a line break. Otherwise what is read is repeated, so that a log reads well.
    is_typed: bool,
    query: Query,
    listed: Vec<DriftEvent>,
    more: Option<Cursor>,
    /// What was decided in this session and not taken back, oldest first.
    decided: Vec<Batch>,
    /// As the last list has them, where its query groups.
    groups: Vec<GroupRow>,
    /// The one of them whose drifts are listed.
    member: Option<GroupKey>,
    /// The last decision that can be made again.
    last: Option<Asked>,
    /// As `rules` and `hidden` listed them last.
    rules: Vec<Listed>,
    aside: Vec<Aside>,
    /// Offered where somebody is named.
    people: Vec<String>,
    places: Places,
    /// Who may be asked about a drift, or why nobody may.
    gemini: Result<GeminiSpec, String>,
    /// What is sent was shown, and sent.
    knows_gemini: bool,
    /// The number of the drift that was shown last.
    current: Option<usize>,
    refused: bool,
}

/// Whether the session goes on.
#[derive(PartialEq)]
enum Next {
    Command,
    End,
}

impl<R: BufRead, W: Write> Plain<R, W> {
    pub fn new(service: Arc<dyn DriftService>, input: R, out: W, actor: &str, zone: TimeZone, is_typed: bool) -> Self {
        Self {
            service,
            input,
            out,
            actor: actor.to_owned(),
            zone,
            is_typed,
            query: Query::default(),
            listed: vec![],
            more: None,
            groups: vec![],
            member: None,
            decided: vec![],
            last: None,
            rules: vec![],
            aside: vec![],
            people: vec![],
            places: Places::default(),
            gemini: Err(GeminiSpec::OFF.into()),
            knows_gemini: false,
            current: None,
            refused: false,
        }
    }

    /// Offers these where somebody is named.
    pub fn offering(self, people: Vec<String>) -> Self {
        Self { people, ..self }
    }

    /// Reads commands until `quit` or the end of input. Gives the exit code: 1 when a decision was refused or not understood, and
    /// nobody was there to try again.
    pub async fn run(&mut self) -> io::Result<u8> {
        self.say(&format!("driftguard triage, line by line, on {}. `help` lists the commands.", self.service.mode()))?;
        if let Some(why) = self.service.read_only() {
            self.say(&format!("read-only: {why}"))?;
        }
        self.places.protected = self.service.protected();
        self.settle(None, true).await?;
        self.environments().await?;
        self.list("").await?;
        if self.service.environments().await.is_ok_and(|list| list.is_empty()) {
            self.problem(NOTHING_TO_SCAN)?;
        }
        while let Some(line) = self.ask("")? {
            if self.command(&line).await? == Next::End {
                break;
            }
        }
        self.say(&format!("{} saved. Goodbye.", words::count(self.decided.iter().map(Batch::len).sum(), "decision")))?;
        Ok(u8::from(self.refused && !self.is_typed))
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (verb, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        // The configuration may have changed since the last one.
        self.places.protected = self.service.protected();
        match verb {
            "" => {}
            verb if verb.starts_with('#') => {}
            "help" | "?" => HELP.lines().try_for_each(|line| self.say(line))?,
            "quit" | "q" | "exit" => return Ok(Next::End),
            "list" | "ls" => self.list(rest).await?,
            "more" => self.page().await?,
            "open" => self.open(rest).await?,
            "show" => self.show(rest).await?,
            "body" => self.body(rest).await?,
            "resource" => self.resource(rest).await?,
            "commands" => self.commands(rest).await?,
            "hidden" => self.hidden(rest).await?,
            "environments" | "envs" => self.environments().await?,
            "who" => self.who(rest).await?,
            "narrative" => self.narrative(rest).await?,
            "analyse" | "analyze" => self.analyse(rest).await?,
            "gemini" => self.gemini(rest).await?,
            "history" => self.history(rest).await?,
            "scan" => self.scan(rest).await?,
            "ack" | "acknowledge" | "snooze" | "accept" | "escalate" | "resolve" | "assign" | "note" | "cause"
            | "advise" | "tick" | "reopen" | "split" | "rejoin" => {
                self.decide(verb, rest).await?;
            }
            "repeat" => self.repeat(rest).await?,
            "ignore" => self.ignore(rest).await?,
            "never-hide" => self.never_hide(rest).await?,
            "rules" => self.list_rules().await?,
            "edit-rule" => self.edit_rule(rest).await?,
            "delete-rule" => self.delete_rule(rest).await?,
            "ask" => self.ask_leave(rest).await?,
            "approve" => self.answer_leave(RemediationVerb::Approve, rest).await?,
            "reject" => self.answer_leave(RemediationVerb::Reject, rest).await?,
            "cancel" => self.answer_leave(RemediationVerb::Cancel, rest).await?,
            "approvals" => self.approvals().await?,
            "undo" => self.undo(rest).await?,
            "decisions" => self.decisions()?,
            other => self.problem(&format!("`{}` is no command; `help` lists them", sanitise::cell(other, 30)))?,
        }
        Ok(Next::Command)
    }

    /// A line: whatever it holds, nothing in it acts on a terminal.
    fn say(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{}", sanitise::line(line).trim_end())?;
        self.out.flush()
    }

    /// What was not done, and why.
    fn problem(&mut self, why: &str) -> io::Result<()> {
        self.refused = true;
        self.say(&format!("error: {why}"))
    }

    /// The next line, trimmed; `None` at the end of input.
    fn ask(&mut self, what: &str) -> io::Result<Option<String>> {
        let prompt = if what.is_empty() { ">".to_owned() } else { format!("{what}:") };
        if self.is_typed {
            write!(self.out, "{} ", sanitise::line(&prompt))?;
            self.out.flush()?;
        }
        let mut bytes = vec![];
        let read = io::Read::take(&mut self.input, LONGEST).read_until(b'\n', &mut bytes)?;
        if read as u64 == LONGEST && bytes.last() != Some(&b'\n') {
            // What is left of it must not be taken for another line.
            io::BufRead::skip_until(&mut self.input, b'\n')?;
        }
        if read == 0 {
            if !what.is_empty() {
                self.problem("the input ends here; nothing was decided")?;
            }
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&bytes).trim().to_owned();
        if !self.is_typed {
            self.say(&format!("{prompt} {line}"))?;
        }
        Ok(Some(line))
    }

    /// Waits for scans: those under way, and with `first` those of environments that were never scanned.
    async fn settle(&mut self, only: Option<&Slug>, first: bool) -> io::Result<()> {
        let begun = std::time::Instant::now();
        let mut told = false;
        loop {
            let list = match self.service.environments().await {
                Ok(list) => list,
                Err(why) => return self.problem(&why.to_string()),
            };
            let mut waiting = list.iter().filter(|one| {
                let is_due = first && one.last_scan.is_none() && one.next_scan.is_some();
                only.is_none_or(|slug| one.environment.slug == *slug) && (one.running.is_some() && !first || is_due)
            });
            let Some(one) = waiting.next() else { return Ok(()) };
            if !std::mem::replace(&mut told, true) {
                self.say(&format!("scanning {} …", one.environment.slug))?;
            }
            if begun.elapsed() > PATIENCE {
                return self.say("the scan takes long; going on without it");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Scans and waits for the end.
    async fn scan(&mut self, name: &str) -> io::Result<()> {
        let slug = match name {
            "" => None,
            name => match Slug::new(name) {
                Ok(slug) => Some(slug),
                Err(why) => return self.problem(&format!("{name}: {why}")),
            },
        };
        let before = self.ended().await;
        if let Err(why) = self.service.scan(slug.clone()).await {
            return self.problem(&why.to_string());
        }
        self.say("scanning …")?;
        let begun = std::time::Instant::now();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.ended().await;
            let is_meant = |other: &Slug| slug.as_ref().is_none_or(|slug| slug == other);
            let ended = now.iter().filter(|(slug, _)| is_meant(slug)).all(|(slug, at)| before.get(slug) != Some(at));
            if ended || begun.elapsed() > PATIENCE {
                return self.environments().await;
            }
        }
    }

    /// When the last scan of each environment ended.
    async fn ended(&self) -> BTreeMap<Slug, Option<Timestamp>> {
        let list = self.service.environments().await.unwrap_or_default();
        list.into_iter().map(|one| (one.environment.slug, one.last_scan.map(|scan| scan.finished_at))).collect()
    }
}
