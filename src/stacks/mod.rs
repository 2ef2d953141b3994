//! CloudFormation stacks: what a stack declares and what CloudFormation finds of it, in one answer.
//!
//! `state = "cloudformation://NAME"` (also `NAME*`, or an ARN). `detect` has CloudFormation look for drift, the one call of driftguard that
//! starts anything in AWS: a detection, which reads and changes nothing. What it says is declared state and live state at
//! once (`source`), compared by us again like any other, so that noise in it is hidden.

mod detect;
mod names;
mod source;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures_util::StreamExt;
use futures_util::stream;

use self::detect::Detected;
use self::source::{StackLive, StackState};
use crate::aws::{Access, Fault, Session, Usage, block_on};
use crate::declared::DeclaredSource;
use crate::drift::{Environment, SourceError};
use crate::live::LiveSource;

/// How a stack is named among the paths of declared state.
pub const SCHEME: &str = "cloudformation://";
/// Stacks that are looked at together: CloudFormation allows few calls a second, and a detection makes many of its own.
const STACKS_AT_ONCE: usize = 4;

/// Stacks that were looked at.
#[derive(Default)]
pub struct Opened {
    pub declared: Vec<Box<dyn DeclaredSource>>,
    /// Answers for every resource of the stacks.
    pub live: Option<Box<dyn LiveSource>>,
    pub errors: Vec<SourceError>,
}

/// The names of stacks, and the paths that are none.
pub fn split(state: &[String]) -> (Vec<String>, Vec<String>) {
    let (stacks, paths): (Vec<&String>, Vec<&String>) = state.iter().partition(|path| is_stack(path));
    let name = |url: &String| url[SCHEME.len()..].to_owned();
    (stacks.into_iter().map(name).collect(), paths.into_iter().cloned().collect())
}

/// Whether declared state named so is a stack.
pub fn is_stack(path: &str) -> bool {
    path.starts_with(SCHEME)
}

/// Looks for drift in all of the stacks, in every account and region. Blocks; ends early when `cancel` is set.
pub fn open(
    names: &[String],
    access: &Access,
    environment: &Environment,
    usage: &Arc<Usage>,
    cancel: &AtomicBool,
) -> Opened {
    let work = look(names, access, environment, usage);
    let Ok((detected, mut errors)) = block_on(cancel, work) else {
        let help = "scan again; nothing was concluded from what was missing";
        return Opened { errors: vec![error("CloudFormation", "the scan was cancelled", help)], ..Opened::default() };
    };
    errors.extend(detected.iter().filter_map(Detected::trouble));
    let live = Box::new(StackLive::new(&detected));
    let declared = detected.into_iter().map(|stack| Box::new(StackState::new(stack)) as Box<dyn DeclaredSource>).collect();
    Opened { declared, live: Some(live), errors }
}

async fn look(
    names: &[String],
    access: &Access,
    environment: &Environment,
    usage: &Arc<Usage>,
) -> (Vec<Detected>, Vec<SourceError>) {
    let (sessions, faults) = Session::open_all(access, &access.regions_of(environment), usage).await;
    let mut errors: Vec<SourceError> = faults
        .iter()
        .map(|(role, fault)| error(&if role.is_empty() { "AWS".into() } else { format!("AWS as {role}") }, &fault.to_string(), &fault.help()))
        .collect();
    let (mut found, mut nowhere) = (vec![], vec![]);
    for name in names {
        let mut somewhere = false;
        for session in &sessions {
            match names::resolve(session, name).await {
                Ok(stacks) => {
                    somewhere |= !stacks.is_empty();
                    found.extend(stacks.into_iter().map(|stack| (session, stack)));
                }
                Err(fault) => {
                    somewhere = true;
                    errors.push(stack_error(session, name, &fault));
                }
            }
        }
        if !somewhere && !sessions.is_empty() {
            nowhere.push(name);
        }
    }
    let places: Vec<String> = sessions.iter().map(|s| format!("{} in {}", s.target.account, s.target.region)).collect();
    errors.extend(nowhere.into_iter().map(|name| {
        let message = format!("there is no such stack in {}", places.join(", "));
        error(&format!("{SCHEME}{name}"), &message, "check the name, the account and the region")
    }));
    let looked = stream::iter(found).map(|(session, name)| async move { (session, detect::stack(session, &name).await, name) });
    let mut detected = vec![];
    for (session, answer, name) in looked.buffered(STACKS_AT_ONCE).collect::<Vec<_>>().await {
        match answer {
            Ok(stack) => detected.push(stack),
            Err(fault) => errors.push(stack_error(session, &name, &fault)),
        }
    }
    (detected, errors)
}

fn stack_error(session: &Session, name: &str, fault: &Fault) -> SourceError {
    let source = format!("{SCHEME}{name} of {} in {}", session.target.account, session.target.region);
    error(&source, &fault.to_string(), &fault.help())
}

fn error(source: &str, message: &str, help: &str) -> SourceError {
    SourceError { source: source.into(), message: message.into(), help: help.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_stand_among_the_paths_of_declared_state() {
        let state = ["a.tfstate", "cloudformation://shop", "cloudformation://pay-*"].map(str::to_owned);
        assert_eq!(split(&state), (vec!["shop".to_owned(), "pay-*".to_owned()], vec!["a.tfstate".to_owned()]));
    }
}
