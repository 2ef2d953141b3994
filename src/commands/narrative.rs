//! `driftguard narrative`: what happened to a drift, in sentences; with Gemini where somebody wants that.

use std::io::{self, Write};

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Session, complain, store, who};
use crate::analysis::narrative::{Evidence, Narrative, Sentence, around, narrate};
use crate::cli::{NarrativeArgs, NarrativeFormat};
use crate::drift::Slug;
use crate::gemini::{Answer, Failure, Gemini, Prompt, Question};
use crate::safety::{Redactor, escape, sanitise};
use crate::service::contexts;

/// What is printed as JSON.
#[derive(Serialize)]
struct Told<'a> {
    sentences: &'a [Sentence],
    evidence: &'a [Evidence],
    /// `rules`, or the model.
    told_by: &'a str,
}

/// Exit code 0, or 1 when a question was not answered.
pub(super) fn run(session: &Session, args: &NarrativeArgs) -> anyhow::Result<u8> {
    let opened = store::open_to_read(session)?;
    let store = opened.store.as_ref();
    let environments = args.env.iter().map(|name| Slug::new(name).map_err(|why| anyhow!("--env {name}: {why}")));
    let event = who::find(store, &args.drift, environments.collect::<Result<_, _>>()?)?;
    let contexts = contexts(store, &session.config.maintenance, &around(&event))?;
    let zone = if session.settings().utc.value { TimeZone::UTC } else { TimeZone::system() };
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let narrative = narrate(&store.drift(event.id)?, &contexts, Timestamp::now(), &clock);
    if !args.gemini && !args.preview && args.ask.is_none() {
        return print(args, &narrative.sentences, &narrative, "rules");
    }
    let question = Question::new(narrative.clone(), args.ask.as_deref(), &Redactor::new(store.redaction_key()));
    let Question { prompt, .. } = question.map_err(|why| anyhow!("--ask: {why}"))?;
    if args.preview {
        let mut out = io::stdout().lock();
        prompt.text().lines().try_for_each(|line| writeln!(out, "{}", sanitise::line(line)))?;
        return Ok(0);
    }
    match ask(session, &prompt) {
        Ok(Ok(answer)) => {
            if answer.dropped > 0 {
                complain(&format!("{} sentences of the answer cited no evidence and are not shown", answer.dropped));
            }
            let model = session.config.gemini.as_ref().map_or("gemini", |spec| spec.model.as_str());
            print(args, &answer.sentences, &narrative, model)
        }
        Err(error) if args.ask.is_some() => Err(error),
        Ok(Err(failure)) if args.ask.is_some() => Err(failure.into()),
        // Without it nothing else changes.
        Err(error) => without(args, &narrative, &error.to_string()),
        Ok(Err(failure)) => without(args, &narrative, &failure.to_string()),
    }
}

fn without(args: &NarrativeArgs, narrative: &Narrative, why: &str) -> anyhow::Result<u8> {
    complain(&format!("{why}; told without Gemini"));
    print(args, &narrative.sentences, narrative, "rules")
}

fn ask(session: &Session, prompt: &Prompt) -> anyhow::Result<Result<Answer, Failure>> {
    let Some(spec) = &session.config.gemini else {
        let why = session.config.gemini_off().unwrap_or_default();
        bail!("{why}, and --preview shows what would be sent");
    };
    let gemini = Gemini::new(spec).map_err(anyhow::Error::msg)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(gemini.ask(prompt)))
}

fn print(args: &NarrativeArgs, sentences: &[Sentence], narrative: &Narrative, by: &str) -> anyhow::Result<u8> {
    let mut out = io::stdout().lock();
    match args.format {
        NarrativeFormat::Json => {
            escape::to_json_writer(&mut out, &Told { sentences, evidence: &narrative.evidence, told_by: by }, true)?;
            writeln!(out)?;
        }
        NarrativeFormat::Text => {
            for sentence in sentences {
                writeln!(out, "{}", Narrative::numbered(sentence))?;
            }
            writeln!(out)?;
            narrative.references().try_for_each(|line| writeln!(out, "{line}"))?;
        }
    }
    Ok(0)
}
