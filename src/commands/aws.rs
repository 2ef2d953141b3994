//! `driftguard aws`: what it needs to be allowed, and what it understands.

use std::io::{self, Write};

use anyhow::anyhow;

use super::{Session, aws_types, complain};
use crate::aws::Access;
use crate::cli::AwsCommand;
use crate::declared::backend::s3::permissions;
use crate::live::aws::{policy, rights};
use crate::stacks;

pub(super) fn run(session: &Session, command: &AwsCommand) -> anyhow::Result<u8> {
    match command {
        AwsCommand::Policy { types } => print_policy(session, types),
        AwsCommand::Types { format } => aws_types::run(*format),
    }
}

/// Narrowed to what the configured environments use.
fn print_policy(session: &Session, types: &[String]) -> anyhow::Result<u8> {
    let accesses: Vec<&Access> = session.config.environments.iter().filter_map(|e| e.aws.as_deref()).collect();
    let stacks = session.config.environments.iter().flat_map(|e| &e.state).any(|path| stacks::is_stack(path));
    let reading = rights::reading(types).map_err(|why| anyhow!(why))?;
    let mut document = policy::document(&accesses, stacks, &reading);
    let state = session.config.environments.iter().flat_map(|e| e.state.iter().map(String::as_str));
    let tables: Vec<&str> = accesses.iter().filter_map(|access| access.dynamodb_table.as_deref()).collect();
    if let Some(statements) = document["Statement"].as_array_mut() {
        statements.extend(permissions::statements(state, &tables));
    }
    let text = serde_json::to_string_pretty(&document)?;
    writeln!(io::stdout().lock(), "{text}")?;
    // On standard error: the document is piped into what takes documents.
    if types.is_empty() {
        complain(policy::BEYOND);
    }
    let size = document.to_string().chars().count();
    if size > policy::LARGEST {
        let most = policy::LARGEST;
        complain(&format!(
            "it has {size} characters, and a managed policy at most {most}: split it, or name fewer types"
        ));
    }
    Ok(0)
}
