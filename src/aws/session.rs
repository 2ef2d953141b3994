//! One account and region, opened: who we are there, and the clients and limits of its services.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::credentials::{Source, Told, with_credentials};
use super::lane::Lane;
use super::usage::{Call, Usage};
use super::{Access, Fault, FaultKind, retry};

/// A call that takes longer is given up, unless [`Access::timeout`] says otherwise.
const TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);

/// Where a session works. Identity of everything found there is (partition, account, region, type, id).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    pub account: String,
    pub region: String,
}

/// Services with limits of their own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Service {
    Config,
    CloudControl,
    CloudTrail,
    CloudFormation,
    Tagging,
    DynamoDb,
    S3,
    Sts,
}

/// An open way into one account and region. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Session {
    pub target: Arc<Target>,
    pub sdk: SdkConfig,
    lanes: Arc<Mutex<HashMap<Service, Arc<Lane>>>>,
    usage: Arc<Usage>,
}

impl Session {
    /// Opens every account and region the configuration names, asking STS who we are in each. What cannot be opened is a
    /// fault beside the name of the role, or empty for the first account.
    pub async fn open_all(
        access: &Access,
        regions: &[String],
        usage: &Arc<Usage>,
    ) -> (Vec<Self>, Vec<(String, Fault)>) {
        let base = chained(access, load(access, regions.first().cloned()).await).await;
        let mut accounts = vec![];
        if access.accounts.is_empty() {
            accounts.push((String::new(), base));
        } else {
            for role in &access.accounts {
                accounts.push((role.clone(), assume(&base, role, access.external_id.as_deref()).await));
            }
        }
        let (mut sessions, mut faults) = (vec![], vec![]);
        for (role, sdk) in accounts {
            match Self::open_account(sdk, regions, usage).await {
                Ok(opened) => sessions.extend(opened),
                Err(fault) => faults.push((role, fault)),
            }
        }
        (sessions, faults)
    }

    /// One session for each region of the account the SDK configuration leads to.
    async fn open_account(sdk: SdkConfig, regions: &[String], usage: &Arc<Usage>) -> Result<Vec<Self>, Fault> {
        let home = sdk.region().map(|r| r.as_ref().to_owned());
        let regions: Vec<String> = if regions.is_empty() { home.into_iter().collect() } else { regions.to_vec() };
        let Some(first) = regions.first() else {
            let message = "no region is configured: set `region` of the environment, or AWS_REGION".to_owned();
            return Err(Fault {
                kind: FaultKind::Other,
                action: "sts:GetCallerIdentity",
                code: String::new(),
                message,
            });
        };
        let unknown = Target { partition: "aws".into(), account: String::new(), region: first.clone() };
        let asking = Self::new(unknown, in_region(&sdk, first), usage);
        let client = aws_sdk_sts::Client::new(&asking.sdk);
        let identity =
            asking.call(Service::Sts, "sts:GetCallerIdentity", || client.get_caller_identity().send()).await?;
        let partition = identity.arn().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws").to_owned();
        let account = identity.account().unwrap_or_default().to_owned();
        let target =
            |region: &String| Target { partition: partition.clone(), account: account.clone(), region: region.clone() };
        Ok(regions.iter().map(|region| Self::new(target(region), in_region(&sdk, region), usage)).collect())
    }

    /// Opens where the chain of roles ends, without asking who we are there: for what does not depend on it. `None`: the SDK's
    /// own region.
    pub async fn open_here(access: &Access, region: Option<String>, usage: &Arc<Usage>) -> Self {
        let sdk = chained(access, load(access, region).await).await;
        // Every request to S3 is signed for a region; where nobody names one, buckets are where most are.
        let region = sdk.region().map_or("us-east-1".to_owned(), |region| region.as_ref().to_owned());
        let target = Target { partition: "aws".into(), account: String::new(), region: region.clone() };
        Self::new(target, in_region(&sdk, &region), usage)
    }

    fn new(target: Target, sdk: SdkConfig, usage: &Arc<Usage>) -> Self {
        // Whatever fetches the credentials keeps the SDK's retries: it was made before.
        let sdk = sdk.into_builder().retry_config(RetryConfig::disabled()).build();
        Self { target: Arc::new(target), sdk, lanes: Arc::default(), usage: Arc::clone(usage) }
    }

    /// Makes one call, when the limits of the service allow it, tries again what may pass, and books it. `make` builds and sends
    /// the request, once for each attempt.
    pub async fn call<T, E, F>(&self, service: Service, action: &'static str, make: impl Fn() -> F) -> Result<T, Fault>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, Response>>>,
    {
        let (start, mut attempts) = (Instant::now(), 0);
        let result = self.attempts(&self.lane(service), service, action, &make, &mut attempts).await;
        if attempts > 0 {
            // That something is not there is an answer.
            let failed = result.as_ref().is_err_and(|fault| fault.kind != FaultKind::NotFound);
            let call = Call { attempts: attempts.into(), failed, waited: start.elapsed() };
            self.usage.add(&self.target.account, &self.target.region, action, call);
        }
        result
    }

    async fn attempts<T, E, F>(
        &self,
        lane: &Lane,
        service: Service,
        action: &'static str,
        make: &impl Fn() -> F,
        attempts: &mut u32,
    ) -> Result<T, Fault>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, Response>>>,
    {
        loop {
            let permit = lane.enter(service, &self.target).await;
            lane.breaker.admits(action, Instant::now())?;
            *attempts += 1;
            let error = match make().await {
                Ok(answer) => {
                    lane.breaker.record(None, Instant::now());
                    lane.budget.earn();
                    permit.done(false);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let fault = Fault::of(action, &error);
            let slowed = fault.kind == FaultKind::Throttled;
            permit.done(slowed);
            let Some(wait) = retry::wait(&fault, &error, *attempts).filter(|_| lane.budget.spend()) else {
                let failed = matches!(fault.kind, FaultKind::Throttled | FaultKind::Unreachable);
                lane.breaker.record(failed.then_some(&fault), Instant::now());
                return Err(fault);
            };
            if slowed {
                lane.hold(wait);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Books resources that did not have to be asked for.
    pub fn reused(&self, resources: u64) {
        self.usage.reuse(resources);
    }

    fn lane(&self, service: Service) -> Arc<Lane> {
        Arc::clone(self.lanes.lock().unwrap_or_else(PoisonError::into_inner).entry(service).or_default())
    }

    /// A client of S3. Another endpoint is an emulator or a private one, neither of which has a name for each bucket.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let is_elsewhere = self.sdk.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        let builder = aws_sdk_s3::config::Builder::from(&self.sdk);
        aws_sdk_s3::Client::from_conf(builder.force_path_style(is_elsewhere).build())
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk)
    }

    /// A client of Cloud Control.
    pub fn cloud_control(&self) -> aws_sdk_cloudcontrol::Client {
        aws_sdk_cloudcontrol::Client::new(&self.sdk)
    }

    /// A client of CloudFormation.
    pub fn cloudformation(&self) -> aws_sdk_cloudformation::Client {
        aws_sdk_cloudformation::Client::new(&self.sdk)
    }

    /// A client of AWS Config.
    pub fn config(&self) -> aws_sdk_config::Client {
        aws_sdk_config::Client::new(&self.sdk)
    }

    /// A client of CloudTrail.
    pub fn cloudtrail(&self) -> aws_sdk_cloudtrail::Client {
        aws_sdk_cloudtrail::Client::new(&self.sdk)
    }

    /// A client of the Resource Groups Tagging API.
    pub fn tagging(&self) -> aws_sdk_resourcegroupstagging::Client {
        aws_sdk_resourcegroupstagging::Client::new(&self.sdk)
    }
}

/// One TLS stack and one pool of connections for everything.
pub(super) fn http() -> SharedHttpClient {
    static CLIENT: OnceLock<SharedHttpClient> = OnceLock::new();
    let ring = || {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        aws_smithy_http_client::Builder::new().tls_provider(provider).build_https()
    };
    CLIENT.get_or_init(ring).clone()
}

async fn load(access: &Access, region: Option<String>) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(access.timeout.unwrap_or(TIMEOUT))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(retry::ATTEMPTS));
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &access.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    with_credentials(&loader.load().await, access.profile.as_deref())
}

async fn chained(access: &Access, mut sdk: SdkConfig) -> SdkConfig {
    for (n, role) in access.assume_role.iter().enumerate() {
        let is_last = n + 1 == access.assume_role.len();
        sdk = assume(&sdk, role, access.external_id.as_deref().filter(|_| is_last && access.accounts.is_empty())).await;
    }
    sdk
}

/// The same configuration with the credentials of a role. The session's name says in audit trails who it was.
async fn assume(sdk: &SdkConfig, role: &str, external_id: Option<&str>) -> SdkConfig {
    let mut provider = AssumeRoleProvider::builder(role).session_name("driftguard").configure(sdk);
    if let Some(id) = external_id {
        provider = provider.external_id(id);
    }
    let told = Told::new(Source::Role(role.to_owned()), provider.build().await);
    let credentials = SharedCredentialsProvider::new(told);
    sdk.clone().into_builder().credentials_provider(credentials).build()
}

fn in_region(sdk: &SdkConfig, region: &str) -> SdkConfig {
    sdk.clone().into_builder().region(Region::new(region.to_owned())).build()
}
