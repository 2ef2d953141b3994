//! Where credentials come from: the SDK's own sources in the SDK's order, each with words of ours for when it fails.
//!
//! A profile that is named counts alone, as with the AWS CLI: variables of whoever's shell it is must not lead a scan into another
//! account than the configuration says.

use std::error::Error;
use std::fmt;

use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use super::explain::{causes, chain, explain};
use super::session::http;

/// One place credentials come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Environment,
    /// Of the files in `~/.aws`.
    Profile {
        name: String,
        /// Somebody named it: then it has to be there.
        is_named: bool,
    },
    WebIdentity,
    Container,
    Metadata,
    /// A role assumed on the way, by its ARN.
    Role(String),
}

/// Why there are no credentials, and what to do about it, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NoCredentials(pub String);

impl fmt::Display for NoCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for NoCredentials {}

impl NoCredentials {
    /// The one an error goes back to.
    pub fn behind<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        causes(error).find_map(|error| error.downcast_ref())
    }
}

/// The configuration with its credentials from where the SDK would look, or from the profile alone where one is named.
pub(super) fn with_credentials(sdk: &SdkConfig, profile: Option<&str>) -> SdkConfig {
    let mut conf = ProviderConfig::without_region().with_region(sdk.region().cloned()).with_http_client(http());
    if let Some(timeouts) = sdk.timeout_config() {
        conf = conf.with_timeout_config(timeouts.clone());
    }
    let chosen = std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    let source = Source::Profile {
        is_named: profile.is_some(),
        name: profile.map(str::to_owned).or(chosen).unwrap_or_else(|| "default".into()),
    };
    let mut files = ProfileFileCredentialsProvider::builder().configure(&conf);
    if let Some(name) = profile {
        files = files.profile_name(name);
    }
    let files = Told::new(source, files.build());
    let provider = match profile {
        Some(_) => SharedCredentialsProvider::new(files),
        None => SharedCredentialsProvider::new(surroundings(&conf, files)),
    };
    sdk.clone().into_builder().credentials_provider(provider).build()
}

fn surroundings(conf: &ProviderConfig, files: Told) -> Surroundings {
    let web = WebIdentityTokenCredentialsProvider::builder().configure(conf).build();
    let container = EcsCredentialsProvider::builder().configure(conf).build();
    let metadata = ImdsCredentialsProvider::builder().configure(conf).build();
    let environment = EnvironmentVariableCredentialsProvider::new();
    Surroundings(
        CredentialsProviderChain::first_try("Environment", Told::new(Source::Environment, environment))
            .or_else("Profile", files)
            .or_else("WebIdentityToken", Told::new(Source::WebIdentity, web))
            .or_else("EcsContainer", Told::new(Source::Container, container))
            .or_else("Ec2InstanceMetadata", Told::new(Source::Metadata, metadata)),
    )
}

/// One source; when it fails, it says why.
#[derive(Debug)]
pub(super) struct Told {
    source: Source,
    inner: SharedCredentialsProvider,
}

impl Told {
    pub fn new(source: Source, inner: impl ProvideCredentials + 'static) -> Self {
        Self { source, inner: SharedCredentialsProvider::new(inner) }
    }
}

impl ProvideCredentials for Told {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let told = |error: CredentialsError| {
            let is_absent = matches!(error, CredentialsError::CredentialsNotLoaded(_));
            match explain(&self.source, is_absent, &error) {
                Some(words) => CredentialsError::provider_error(NoCredentials(words)),
                // The next source is asked.
                None => error,
            }
        };
        future::ProvideCredentials::new(async move { self.inner.provide_credentials().await.map_err(told) })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.inner.fallback_on_interrupt()
    }
}

/// All sources, one after the other.
#[derive(Debug)]
struct Surroundings(CredentialsProviderChain);

impl ProvideCredentials for Surroundings {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let told = |error: CredentialsError| match error {
            CredentialsError::CredentialsNotLoaded(_) => {
                tracing::debug!(why = chain(&error), "no source has credentials");
                CredentialsError::provider_error(NoCredentials(NOWHERE.into()))
            }
            told => told,
        };
        future::ProvideCredentials::new(async move { self.0.provide_credentials().await.map_err(told) })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.0.fallback_on_interrupt()
    }
}

const NOWHERE: &str = "there are none in the environment variables, in the default profile, from a web identity, of a container \
     or of an instance; name a profile in [environment.aws] or AWS_PROFILE, and log in (`aws configure sso`, then `aws sso login`)";
