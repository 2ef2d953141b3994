//! `driftguard connect`: the screens on a server.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::runtime::Handle;

use super::{Session, screens};
use crate::cli::Connect;
use crate::service::{DriftService, RemoteService, Server};

/// Holds an API key; in the environment, because others can read a command line.
const TOKEN: &str = "DRIFTGUARD_TOKEN";

pub(super) fn run(session: &Session, args: &Connect) -> anyhow::Result<u8> {
    let ca = args.ca.as_deref().map(|path| fs::read(path).with_context(|| unreadable(path))).transpose()?;
    let server = Server { url: args.url.clone(), token: Some(token(args.token_file.as_deref())?), ca };
    let mut options = screens::options(session, &args.look);
    options.world = Some(server.url.to_string());
    let connected = async move {
        let service = RemoteService::connect(server, &Handle::current()).await.map_err(|error| error.to_string())?;
        Ok(service as Arc<dyn DriftService>)
    };
    screens::on(session, options, connected, async {})
}

fn token(file: Option<&Path>) -> anyhow::Result<String> {
    let token = match file {
        Some(path) => fs::read_to_string(path).with_context(|| unreadable(path))?,
        None => std::env::var(TOKEN).unwrap_or_default(),
    };
    let token = token.trim();
    if token.is_empty() {
        bail!(
            "no API key: ask an admin of the server for one, and give it in ${TOKEN} or a file named by --token-file"
        );
    }
    Ok(token.to_owned())
}

fn unreadable(path: &Path) -> String {
    format!("{}: cannot be read", path.display())
}
