//! Serving a team, and being one of it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::{Look, PasswordSource};

#[derive(Args, Debug)]
#[command(after_long_help = crate::config::server_keys())]
pub struct Serve {
    /// Where to listen; beyond this machine only with a certificate
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// Certificate chain, PEM; with --tls-key
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key, PEM; with --tls-cert
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// The organisation of environments whose table names none; else $DRIFTGUARD_ORGANIZATION. Made by `driftguard accounts init`
    #[arg(long, visible_alias = "org", value_name = "SLUG")]
    pub organization: Option<String>,
    /// Leave the scanning to `driftguard worker` and other servers on the same database
    #[arg(long)]
    pub no_scans: bool,
    /// Read the secret that signs tokens from this file; else $DRIFTGUARD_SECRET_KEY holds it
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Do without a secret: tokens end with the server
    #[arg(long)]
    pub dev: bool,
    /// Print the OpenAPI document of the server, and do nothing else
    #[arg(long)]
    pub openapi: bool,
}

#[derive(Args, Debug)]
pub struct Worker {
    /// The organisation of environments whose table names none; else $DRIFTGUARD_ORGANIZATION
    #[arg(long, visible_alias = "org", value_name = "SLUG")]
    pub organization: Option<String>,
}

/// What is no address is not repeated: it may be a key, in the wrong place.
fn address(text: &str) -> Result<Url, String> {
    let how = "a server is named as https://HOST or https://HOST:PORT";
    Url::parse(text).map_err(|_| format!("this is no address: {how}"))
}

#[derive(Args, Debug)]
pub struct Login {
    /// The server: https://driftguard.example.com
    #[arg(value_parser = address)]
    pub url: Url,
    /// The organisation; asked for without it
    #[arg(long, visible_alias = "org", value_name = "SLUG")]
    pub organization: Option<String>,
    /// Your name there; asked for without it
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    #[command(flatten)]
    pub password: PasswordSource,
    /// Keep an API key instead, read from this file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["organization", "username", "password_file"])]
    pub key_file: Option<PathBuf>,
    /// Trust the certificates in this file too, PEM
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct Logout {
    /// The server
    #[arg(value_parser = address)]
    pub url: Url,
    /// Trust the certificates in this file too, PEM
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct Connect {
    /// The server, https://driftguard.example.com, or its name in the configuration, or several that have one database: the
    /// next is asked when one does not answer
    #[arg(required = true, value_name = "URL")]
    pub servers: Vec<String>,
    /// Read the API key from this file; else $DRIFTGUARD_TOKEN holds it, else `driftguard login` has kept one
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Trust the certificates in this file too, PEM
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    #[command(flatten)]
    pub look: Look,
}
