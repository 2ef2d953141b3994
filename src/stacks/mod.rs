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
use crate::aws::{Access, Fault, Session, Target, Usage, block_on};
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
    /// What the stacks have made: others need not call it nobody's.
    pub owned: Vec<Owned>,
}

/// One resource of a stack, as other sources may meet it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owned {
    /// `AWS::S3::Bucket`.
    pub resource_type: String,
    pub physical_id: String,
    pub target: Arc<Target>,
}

impl Owned {
    /// Whether an ARN or id is this one; what an ARN leaves out (that of a bucket: account and region) fits.
    pub fn is(&self, resource_type: &str, id: &str) -> bool {
        let last = |text: &str| text.rsplit([':', '/']).next().unwrap_or_default().to_owned();
        let part = |n: usize| id.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(n)).unwrap_or_default();
        let fits = |part: &str, target: &str| part.is_empty() || part == target;
        self.resource_type == resource_type
            && last(&self.physical_id) == last(id)
            && fits(part(2), &self.target.region)
            && fits(part(3), &self.target.account)
    }
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
    let owned = |stack: &Detected| {
        let target = Arc::clone(&stack.target);
        let own = |r: &detect::Resource| Owned {
            resource_type: r.resource_type.clone(),
            physical_id: r.physical_id.clone(),
            target: Arc::clone(&target),
        };
        stack.resources.iter().map(own).collect::<Vec<_>>()
    };
    let owned = detected.iter().flat_map(owned).collect();
    let live = Box::new(StackLive::new(&detected));
    let declared =
        detected.into_iter().map(|stack| Box::new(StackState::new(stack)) as Box<dyn DeclaredSource>).collect();
    Opened { declared, live: Some(live), errors, owned }
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
        .map(|(role, fault)| {
            error(
                &if role.is_empty() { "AWS".into() } else { format!("AWS as {role}") },
                &fault.to_string(),
                &fault.help(),
            )
        })
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
    let looked =
        stream::iter(found).map(|(session, name)| async move { (session, detect::stack(session, &name).await, name) });
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

    #[test]
    fn what_a_stack_made_is_known_by_its_arn_in_its_own_account_and_region_alone() {
        let target = Target { partition: "aws".into(), account: "1".into(), region: "eu-west-1".into() };
        let owned = |resource_type: &str, id: &str| Owned {
            resource_type: resource_type.into(),
            physical_id: id.into(),
            target: Arc::new(target.clone()),
        };
        let queue = owned("AWS::SQS::Queue", "https://sqs.eu-west-1.amazonaws.com/1/orders");
        assert!(queue.is("AWS::SQS::Queue", "arn:aws:sqs:eu-west-1:1:orders"));
        assert!(!queue.is("AWS::SQS::Queue", "arn:aws:sqs:eu-west-2:1:orders"));
        assert!(!queue.is("AWS::SNS::Topic", "arn:aws:sns:eu-west-1:1:orders"));
        assert!(owned("AWS::S3::Bucket", "data").is("AWS::S3::Bucket", "arn:aws:s3:::data"));
        assert!(owned("AWS::IAM::Role", "web").is("AWS::IAM::Role", "arn:aws:iam::1:role/web"));
    }
}
