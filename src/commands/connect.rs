//! `driftguard connect`: the screens on a server.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::runtime::Handle;

use super::{Session, login, screens};
use crate::cli::Connect;
use crate::service::{DriftService, RemoteService, Server};

/// Holds an API key; in the environment, because others can read a command line.
const TOKEN: &str = "DRIFTGUARD_TOKEN";

pub(super) fn run(session: &Session, args: &Connect) -> anyhow::Result<u8> {
    let server = Server { url: args.url.clone(), token: None, ca: login::certificates(args.ca.as_deref())? };
    let given = token(args.token_file.as_deref())?;
    // What is said here and now comes before what was kept.
    let kept = if given.is_some() { None } else { login::kept(session, &server)? };
    if given.is_none() && kept.is_none() {
        bail!(
            "nobody is logged in to {url}: run `driftguard login {url}`, or give an API key in ${TOKEN} or a file named by --token-file",
            url = args.url
        );
    }
    let mut options = screens::options(session, &args.look);
    options.world = Some(server.url.to_string());
    let connected = async move {
        let handle = Handle::current();
        let connected = match kept {
            Some(kept) => RemoteService::connect_as(server, Arc::new(kept), &handle).await,
            None => RemoteService::connect(Server { token: given, ..server }, &handle).await,
        };
        Ok(connected.map_err(|error| error.to_string())? as Arc<dyn DriftService>)
    };
    screens::on(session, options, connected, async {})
}

fn token(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let token = match file {
        Some(path) => Some(fs::read_to_string(path).with_context(|| unreadable(path))?),
        None => std::env::var(TOKEN).ok(),
    };
    let token = token.map(|token| token.trim().to_owned());
    if file.is_some() && token.as_deref() == Some("") {
        bail!("there is no API key in the file named by --token-file");
    }
    Ok(token.filter(|token| !token.is_empty()))
}

fn unreadable(path: &Path) -> String {
    format!("{}: cannot be read", path.display())
}
