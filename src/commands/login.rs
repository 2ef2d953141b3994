//! `driftguard login` and `logout`: what lets somebody in to a server, kept for `connect`.

mod kept;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use async_trait::async_trait;
use tokio::runtime::{Handle, Runtime};
use url::Url;

use super::accounts::ask;
use super::{Session, complain};
use crate::accounts::{KEY_PREFIX, Login};
use crate::cli;
use crate::service::{self, Credentials, RemoteService, Server, ServiceError};

pub(super) use kept::Renewing;
use kept::{Kept, Pass, Place};

/// What somebody logs in with, asked about alone: what is kept already must not answer for it.
struct Offered {
    pass: Pass,
    url: Url,
}

#[async_trait]
impl Credentials for Offered {
    async fn token(&self) -> Result<Option<String>, ServiceError> {
        Ok(Some(self.pass.token().to_owned()))
    }

    async fn renewed(&self, _: &str, _: bool) -> Result<String, ServiceError> {
        let url = &self.url;
        Err(ServiceError::Denied(match self.pass {
            Pass::Key(_) => format!(
                "the key is not taken by {url}: it is revoked, expired or of another server; nothing was changed"
            ),
            Pass::Tokens(_) => format!("{url} does not take the login that it has just given; nothing was changed"),
        }))
    }
}

pub(super) fn run(session: &Session, args: &cli::Login) -> anyhow::Result<u8> {
    service::check_address(&args.url)?;
    let server = Server { url: args.url.clone(), token: None, ca: certificates(args.ca.as_deref())? };
    let place = Place::of(&session.paths.state_dir, &args.url);
    let runtime = Runtime::new().context("no threads for the background work")?;
    let pass = match &args.key_file {
        Some(file) => {
            let key = ask::first_line(file)?;
            if !key.starts_with(KEY_PREFIX) {
                bail!("this is no API key of a driftguard server: they begin with {KEY_PREFIX}");
            }
            Pass::Key(key)
        }
        None => {
            let login = asked(args)?;
            Pass::Tokens(runtime.block_on(service::login(server.clone(), &login)).map_err(told)?)
        }
    };
    let offered = Offered { pass: pass.clone(), url: args.url.clone() };
    // Before it is kept, so that a key that opens nothing takes the place of none that does.
    let greeting = runtime
        .block_on(async {
            let service = RemoteService::connect_as(server, Arc::new(offered), &Handle::current()).await?;
            Ok(service.greeting().clone())
        })
        .map_err(told)?;
    place.save(&Kept { url: args.url.to_string(), pass })?;
    let (name, role) = (greeting.name.line(), greeting.role.as_str());
    complain(&format!("{name} ({role}) of {} is logged in: `driftguard connect {}`", greeting.organisation, args.url));
    runtime.shutdown_background();
    Ok(0)
}

fn asked(args: &cli::Login) -> anyhow::Result<Login> {
    let given = |known: &Option<String>, question: &str, flag: &str| match known {
        Some(text) => Ok(text.clone()),
        None => ask::shown(question, flag),
    };
    Ok(Login {
        organization: given(&args.organization, "Organisation: ", "--organization")?,
        username: given(&args.username, "Name: ", "--username")?,
        password: ask::known_password(&args.password)?,
    })
}

pub(super) fn logout(session: &Session, args: &cli::Logout) -> anyhow::Result<u8> {
    service::check_address(&args.url)?;
    let place = Place::of(&session.paths.state_dir, &args.url);
    let Some(kept) = place.load()? else { bail!("nobody is logged in to {}", args.url) };
    let server = Server { url: args.url.clone(), token: None, ca: certificates(args.ca.as_deref())? };
    let ended = match kept.pass {
        // A key is not ended by who lays it down: an admin revokes it.
        Pass::Key(_) => Ok(()),
        Pass::Tokens(pair) => {
            let runtime = Runtime::new().context("no threads for the background work")?;
            let ended = runtime.block_on(end(server, pair.access_token, pair.refresh_token));
            runtime.shutdown_background();
            ended
        }
    };
    // Whatever the server says: nothing stays here.
    place.forget()?;
    if let Err(error) = ended {
        complain(&format!("nothing of the login is kept here any more, but the server did not end it: {error}"));
    }
    Ok(0)
}

/// An access token is soon over; the session it is of is not.
async fn end(server: Server, access: String, refresh: String) -> Result<(), ServiceError> {
    let with = |token: String| Server { token: Some(token), ..server.clone() };
    match service::logout(with(access)).await {
        Err(ServiceError::Denied(_)) => match service::refresh(server.clone(), refresh).await {
            Ok(pair) => service::logout(with(pair.access_token)).await.map(drop),
            // It has ended already.
            Err(ServiceError::Denied(_)) => Ok(()),
            Err(error) => Err(error),
        },
        answer => answer.map(drop),
    }
}

pub(super) fn certificates(ca: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    ca.map(|path| fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))).transpose()
}

/// What `login` has kept for this server.
pub(super) fn kept(session: &Session, server: &Server) -> anyhow::Result<Option<Renewing>> {
    let place = Place::of(&session.paths.state_dir, &server.url);
    Ok(place.load()?.map(|kept| Renewing::new(place, server.clone(), kept.pass)))
}

fn told(error: ServiceError) -> anyhow::Error {
    anyhow::Error::msg(error.to_string())
}
