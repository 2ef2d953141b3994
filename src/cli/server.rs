//! Serving a team, and being one of it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::Look;

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
    /// The organisation whose members see the configured environments; made by `driftguard accounts init`
    #[arg(long, value_name = "SLUG")]
    pub organization: String,
    /// Read the secret that signs tokens from this file; else $DRIFTGUARD_SECRET_KEY holds it
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Do without a secret: tokens end with the server
    #[arg(long)]
    pub dev: bool,
}

#[derive(Args, Debug)]
pub struct Connect {
    /// The server: https://driftguard.example.com
    pub url: Url,
    /// Read the API key from this file; else $DRIFTGUARD_TOKEN holds it
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Trust the certificates in this file too, PEM
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    #[command(flatten)]
    pub look: Look,
}
