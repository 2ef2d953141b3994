//! `driftguard connect`: the screens on a server.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::watch;
use url::Url;

use super::accounts::ask;
use super::{Session, complain, login, screens};
use crate::cli::{Connect, Look};
use crate::service::{
    Credentials, Dial, DriftService, Fixed, RemoteService, Server, ServiceError, check_address, waiting_below,
};
use crate::tui::Trying;
use crate::vault;

/// Before the next try, twice as long each time up to the most.
const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(15);
/// Holds an API key; in the environment, because others can read a command line.
const TOKEN: &str = "DRIFTGUARD_TOKEN";

pub(super) fn run(session: &Session, args: &Connect) -> anyhow::Result<u8> {
    open(session, &args.servers, &args.look, Trust { token_file: args.token_file.as_deref(), ca: args.ca.as_deref() })
}

/// `driftguard --server URL`: what `connect URL` does when nothing but the server is said.
pub(super) fn to(session: &Session, servers: &[String], look: &Look) -> anyhow::Result<u8> {
    open(session, servers, look, Trust::default())
}

/// Files that say who comes, and whom to believe.
#[derive(Default)]
struct Trust<'a> {
    token_file: Option<&'a Path>,
    ca: Option<&'a Path>,
}

fn open(session: &Session, servers: &[String], look: &Look, trust: Trust<'_>) -> anyhow::Result<u8> {
    let urls = addresses(session, servers)?;
    let Some(first) = urls.first().cloned() else { bail!("no server is named") };
    let ca = login::certificates(trust.ca)?;
    let credentials = credentials(session, trust.token_file, &first, ca.as_ref())?;
    let queues = session.paths.state_dir.join("queues");
    let mut options = screens::options(session, look);
    options.world = Some(first.to_string());
    let dial = Dial { urls, ca, credentials, queues: Some(queues.clone()) };
    let (told, trying) = watch::channel(None);
    options.trying = Some(trying);
    let connected = async move { dialled(dial, &told).await.map_err(|error| error.to_string()) };
    let ended = screens::on(session, options, connected, async {});
    match waiting_below(&queues) {
        0 => {}
        1 => complain("1 decision waits on this machine: the next `driftguard connect` to that server sends it"),
        waiting => complain(&format!(
            "{waiting} decisions wait on this machine: the next `driftguard connect` to their server sends them"
        )),
    }
    ended
}

/// A server that a command asks and that answers now, by its address or its name; who asks is logged in there.
pub(super) async fn service(session: &Session, server: &str) -> anyhow::Result<Arc<dyn DriftService>> {
    let urls = addresses(session, &[server.to_owned()])?;
    let Some(first) = urls.first().cloned() else { bail!("no server is named") };
    let credentials = credentials(session, None, &first, None)?;
    let dial = Dial { urls, ca: None, credentials, queues: None };
    Ok(RemoteService::dial(dial, &Handle::current()).await?)
}

/// Tries until somebody answers: what waits for a server is not to wait for a person. Who is turned away is told so.
async fn dialled(dial: Dial, told: &watch::Sender<Option<Trying>>) -> Result<Arc<dyn DriftService>, ServiceError> {
    let (since, mut wait) = (Timestamp::now(), FIRST);
    loop {
        match RemoteService::dial(dial.clone(), &Handle::current()).await {
            Ok(service) => return Ok(service),
            Err(ServiceError::Unavailable(why)) => {
                // Not all at the same moment, when a server comes back.
                let pause = wait.mul_f64(0.5 + fastrand::f64());
                let again_at = Timestamp::now().checked_add(pause).unwrap_or(Timestamp::MAX);
                told.send_replace(Some(Trying { why, since, again_at }));
                tokio::time::sleep(pause).await;
                wait = (wait * 2).min(MOST);
            }
            Err(other) => return Err(other),
        }
    }
}

/// Addresses as they are, names as the configuration has them.
fn addresses(session: &Session, asked: &[String]) -> anyhow::Result<Vec<Url>> {
    let known = &session.config.servers;
    let mut urls = vec![];
    for one in asked {
        match known.get(one) {
            Some(of_name) => urls.extend(of_name.iter().cloned()),
            None if one.contains("://") => match Url::parse(one) {
                Ok(url) => urls.push(url),
                Err(_) => bail!("{one} is no address: a server is named as https://HOST or https://HOST:PORT"),
            },
            None if known.is_empty() => bail!("{one} is no address: a server is named as https://HOST"),
            None => {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                bail!("{one} is no address, and no server in the configuration: there are {}", names.join(", "));
            }
        }
    }
    urls.iter().try_for_each(check_address)?;
    Ok(urls)
}

/// What is said here and now comes before what was kept.
fn credentials(
    session: &Session,
    token_file: Option<&Path>,
    url: &Url,
    ca: Option<&Vec<u8>>,
) -> anyhow::Result<Arc<dyn Credentials>> {
    if let Some(given) = token(token_file)? {
        return Ok(Arc::new(Fixed(Some(given))));
    }
    let server = Server { url: url.clone(), token: None, ca: ca.cloned() };
    match login::kept(session, &server)? {
        Some(kept) => Ok(Arc::new(kept)),
        None => bail!(
            "nobody is logged in to {url}: run `driftguard login {url}`, or give an API key in ${TOKEN} or a file named by --token-file"
        ),
    }
}

fn token(file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let token = match file {
        Some(path) => Some(
            io::read_to_string(ask::private(path)?).with_context(|| format!("{} cannot be read", path.display()))?,
        ),
        None => std::env::var(TOKEN).ok(),
    };
    let token = token.map(|token| vault::resolve(token.trim())).transpose().context("the API key")?;
    if file.is_some() && token.as_deref() == Some("") {
        bail!("there is no API key in the file named by --token-file");
    }
    Ok(token.filter(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_taken_from_no_file_that_others_can_read() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("laptop.key");
        fs::write(&file, "dgk_secret\n").unwrap();
        for mode in [0o644, 0o640, 0o602] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let refused = format!("{:#}", token(Some(&file)).unwrap_err());
            assert!(refused.contains("`chmod 600` it first") && !refused.contains("dgk_secret"), "{refused}");
        }
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(token(Some(&file)).unwrap().as_deref(), Some("dgk_secret"));
        fs::write(&file, "\n").unwrap();
        assert!(token(Some(&file)).is_err(), "there is none in it");
    }
}
