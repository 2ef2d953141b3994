//! A question about a drift, put to Gemini.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::{Plain, words};
use crate::analysis::narrative::Narrative;
use crate::drift::DriftDetail;
use crate::gemini::{Cancel, GeminiSpec, Question};
use crate::safety::sanitise;
use crate::service::question;

impl<R: BufRead, W: Write> Plain<R, W> {
    /// Who may be asked about a drift.
    /// Else why nobody may be, in a sentence.
    pub fn asking(self, gemini: Result<GeminiSpec, String>) -> Self {
        Self { gemini, ..self }
    }

    /// `gemini N QUESTION`. The first time in a session what is sent is shown before, and waits for a yes.
    pub(super) async fn gemini(&mut self, text: &str) -> io::Result<()> {
        let spec = match self.gemini.clone() {
            Ok(spec) => spec,
            Err(why) => return self.problem(&why),
        };
        let Some((detail, asked)) = self.about(text).await? else { return Ok(()) };
        let Some(asked) = (if asked.is_empty() { self.ask("question")? } else { Some(asked) }) else { return Ok(()) };
        let zone = self.zone.clone();
        let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        let question = match question(self.service.as_ref(), detail.event.id, &asked, &clock).await {
            Ok(question) => question,
            Err(why) => return self.problem(&why.to_string()),
        };
        if !self.knows_gemini && !self.shown(&spec, &question)? {
            return self.say("not sent");
        }
        self.knows_gemini = true;
        let model = spec.model.clone();
        match question.ask(spec, &Cancel::default()).await {
            Ok(told) => {
                let sentences: Vec<String> = told.answer.sentences.iter().map(Narrative::numbered).collect();
                sentences.into_iter().chain(told.narrative.references()).try_for_each(|line| self.say(&line))?;
                if told.answer.dropped > 0 {
                    let dropped = words::count(told.answer.dropped, "sentence");
                    self.say(&format!("{dropped} that cited no evidence left out"))?;
                }
                self.say(&format!("told by {model}: it can be wrong where its evidence is right"))
            }
            // Nobody here cancels it.
            Err(why) => self.problem(&format!("{}; everything else goes on", why.unwrap_or_default())),
        }
    }

    /// Whether it may be sent.
    fn shown(&mut self, spec: &GeminiSpec, question: &Question) -> io::Result<bool> {
        let host = spec.url.host_str().unwrap_or("an address without a host");
        self.say(&format!("this would leave the machine, for {} at {host}; nothing else does:", spec.model))?;
        for line in question.prompt.text().lines() {
            self.say(&format!("   {line}"))?;
        }
        self.yes()
    }

    /// The drift that a number names, and what follows it.
    async fn about(&mut self, text: &str) -> io::Result<Option<(DriftDetail, String)>> {
        let (number, rest) = match words::which(text, self.listed.len(), self.current) {
            Ok((which, rest)) if which.rows.len() == 1 && !which.every => (which.rows[0], rest.to_owned()),
            Ok(_) => return self.problem("one at a time").map(|()| None),
            Err(why) => return self.problem(&why).map(|()| None),
        };
        Ok(self.one(&number.to_string()).await?.map(|(_, detail)| (detail, sanitise::line(&rest))))
    }
}
