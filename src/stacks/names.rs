//! Which stacks a name or a pattern means.

use aws_sdk_cloudformation::types::{StackStatus, StackSummary};

use crate::aws::{Fault, FaultKind, Service, Session};

/// The stacks with this name (or ARN), or whose name fits the pattern. Nested stacks come with those they are nested in, so a
/// pattern does not name them. None: there is no such stack here.
pub(super) async fn resolve(session: &Session, name: &str) -> Result<Vec<String>, Fault> {
    match globset::Glob::new(name).ok().filter(|_| name.contains(['*', '?', '['])) {
        Some(glob) => {
            let (matcher, all) = (glob.compile_matcher(), list(session).await?);
            Ok(all.into_iter().filter(|name| matcher.is_match(name)).collect())
        }
        None => exists(session, name).await.map(|is| is.then(|| name.to_owned()).into_iter().collect()),
    }
}

/// By the call that is needed anyway.
async fn exists(session: &Session, name: &str) -> Result<bool, Fault> {
    let request = session.cloudformation().list_stack_resources().stack_name(name);
    match session.call(Service::CloudFormation, "cloudformation:ListStackResources", || request.clone().send()).await {
        Ok(_) => Ok(true),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(false),
        Err(fault) => Err(fault),
    }
}

async fn list(session: &Session) -> Result<Vec<String>, Fault> {
    let client = session.cloudformation();
    let (mut names, mut token): (Vec<String>, Option<String>) = (vec![], None);
    loop {
        let request = client.list_stacks().set_next_token(token.take());
        let page =
            session.call(Service::CloudFormation, "cloudformation:ListStacks", || request.clone().send()).await?;
        let is_there = |stack: &&StackSummary| {
            stack.parent_id().is_none() && stack.stack_status() != Some(&StackStatus::DeleteComplete)
        };
        names.extend(page.stack_summaries().iter().filter(is_there).filter_map(|s| s.stack_name().map(str::to_owned)));
        match page.next_token().filter(|t| !t.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return Ok(names),
        }
    }
}
