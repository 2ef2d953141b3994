//! Sends what waits, one after the other, when the server is there.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::call::{Failure, Line};
use super::queue::{Answers, Asked, Entry, Made, Queue, Record, next};
use crate::api::{Answer, BulkBody, ContextBody, EndContextBody, Listed, Problem, TriageBody, TriageOne};
use crate::drift::OperationalContext;
use crate::service::waiting::Standing;
use crate::service::{Contact, ServiceError};
use crate::store::Receipt;

/// Before the next try, twice as long each time up to the most.
const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(30);
/// How often, and how long, another driftguard that sends is waited for.
const TURN: (u32, Duration) = (20, Duration::from_millis(100));

/// Why it stopped sending.
enum Stopped {
    /// Nothing is left that could be sent.
    Empty,
    /// The server cannot take it now; it may say for how long.
    Away(String, Option<Duration>),
    /// Another driftguard sends; or the disk does not let us.
    Blocked(String),
}

/// For as long as the service lives.
pub async fn run(queue: Arc<Queue>, line: Arc<Line>, ended: CancellationToken) {
    let sending = async {
        let mut contact = line.link.watch();
        let (mut wait, mut not_before) = (FIRST, Instant::now());
        loop {
            let now = Instant::now();
            let pause = match line.link.away() {
                Some(why) => {
                    queue.park(&why).await;
                    MOST
                }
                None if now < not_before => {
                    queue.park("the server is busy").await;
                    not_before - now
                }
                None => match drain(&queue, &line).await {
                    Stopped::Empty => {
                        wait = FIRST;
                        MOST
                    }
                    Stopped::Away(why, after) => {
                        // Not all at the same moment, when a server comes back.
                        let pause = after.unwrap_or_default().max(wait.mul_f64(0.5 + fastrand::f64()));
                        (not_before, wait) = (Instant::now() + pause, (wait * 2).min(MOST));
                        line.link.busy(pause);
                        queue.park(&why).await;
                        pause
                    }
                    Stopped::Blocked(why) => {
                        queue.park(&why).await;
                        wait = (wait * 2).min(MOST);
                        wait
                    }
                },
            };
            let waits = queue.waiting().iter().any(|one| one.stands == Standing::Unsent);
            tokio::select! {
                () = queue.wake.notified() => {}
                // It is there again: what was to wait need not.
                _ = contact.changed() => if *contact.borrow_and_update() == Contact::Live { not_before = Instant::now() },
                () = tokio::time::sleep(pause), if waits => {}
            }
        }
    };
    ended.run_until_cancelled(sending).await;
}

async fn drain(queue: &Arc<Queue>, line: &Line) -> Stopped {
    match drained(queue, line).await {
        Ok(stopped) => stopped,
        Err(error) => Stopped::Blocked(error.to_string()),
    }
}

async fn drained(queue: &Arc<Queue>, line: &Line) -> io::Result<Stopped> {
    // Looks first: with nothing to send nobody else is kept from sending.
    if next(&queue.change(|_| vec![]).await?).is_none() {
        return Ok(Stopped::Empty);
    }
    let mut turn = queue.sending().await?;
    for _ in 0..TURN.0 {
        if turn.is_some() {
            break;
        }
        tokio::time::sleep(TURN.1).await;
        turn = queue.sending().await?;
    }
    let Some(_sending) = turn else { return Ok(Stopped::Blocked("another driftguard sends".into())) };
    loop {
        let Some(entry) = next(&queue.change(|_| vec![]).await?).cloned() else { return Ok(Stopped::Empty) };
        let key = entry.key;
        if !entry.sent {
            queue.change(move |_| vec![Record::Sent { key, sent: true }]).await?;
        }
        match send(line, &entry).await {
            Ok(answers) => queue.answered(entry, answers).await?,
            Err(Failure::Said(error)) => {
                let answers = entry.parts.iter().map(|_| Err(error.as_ref().clone())).collect();
                queue.answered(entry, answers).await?;
            }
            Err(failure) => {
                let away = failure.away();
                // What certainly did not arrive can be taken back without a doubt; an older doubt stays.
                if !away.may_be_done && !entry.sent {
                    queue.change(move |_| vec![Record::Sent { key, sent: false }]).await?;
                }
                return Ok(Stopped::Away(away.why, away.after));
            }
        }
    }
}

/// One try; the body and the key are the same each time.
async fn send(line: &Line, entry: &Entry) -> Result<Answers, Failure> {
    let key = entry.key.to_string();
    if let [part] = entry.parts.as_slice() {
        return ask(line, &part.asked, &key).await;
    }
    let requests: Vec<TriageOne> = entry.parts.iter().filter_map(|part| part.asked.triage().cloned()).collect();
    many(line, requests, &key).await
}

/// Asks the server, once or as a bulk.
pub async fn one_or_many(line: &Line, asked: Vec<Asked>, key: &str) -> Result<Answers, Failure> {
    if let [one] = asked.as_slice() {
        return ask(line, one, key).await;
    }
    let triage = |asked| if let Asked::Triage(one) = asked { Some(one) } else { None };
    many(line, asked.into_iter().filter_map(triage).collect(), key).await
}

async fn ask(line: &Line, asked: &Asked, key: &str) -> Result<Answers, Failure> {
    let mark = |made: OperationalContext| Made::Mark(Box::new(made));
    let made = match asked {
        Asked::Triage(TriageOne { drift, verb, reason, expected_version }) => {
            let (verb, reason, expected_version) = (verb.clone(), reason.clone(), *expected_version);
            let body = TriageBody { verb, reason, expected_version };
            let path = format!("drifts/{drift}/triage");
            line.write::<_, Receipt>(Method::POST, &path, &body, key).await.map(Made::Decision)
        }
        Asked::Mark(context) => {
            let body = ContextBody { context: context.as_ref().clone() };
            line.write(Method::POST, "contexts", &body, key).await.map(mark)
        }
        Asked::EndMark(end) => {
            let path = format!("contexts/{}/end", end.id);
            line.write(Method::POST, &path, &EndContextBody { at: end.at }, key).await.map(mark)
        }
    };
    match made {
        Ok(made) => Ok(vec![Ok(made)]),
        Err(Failure::Said(error)) => Ok(vec![Err(*error)]),
        Err(failure) => Err(failure),
    }
}

async fn many(line: &Line, requests: Vec<TriageOne>, key: &str) -> Result<Answers, Failure> {
    let made: Listed<Answer> = line.write(Method::POST, "drifts/triage", &BulkBody { requests }, key).await?;
    let answers = made.data.into_iter().map(|answer| match answer {
        Answer::Done(receipt) => Ok(Made::Decision(receipt)),
        Answer::Problem(problem) => Err(Problem::into(problem)),
    });
    let answers: Answers = answers.collect();
    // One that the server could not do is asked for again with the others: those that are done are not done twice.
    match answers
        .iter()
        .find_map(|answer| if let Err(ServiceError::Unavailable(why)) = answer { Some(why) } else { None })
    {
        Some(why) => Err(Failure::maybe(why.clone())),
        None => Ok(answers),
    }
}
