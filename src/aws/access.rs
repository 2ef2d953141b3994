//! How an environment's AWS is reached, as the configuration says.

use std::time::Duration;

use crate::drift::Environment;

/// `[environment.aws]`, or the flags of one scan. Everything not said is left to the AWS SDK's own chain: environment
/// variables, profiles with SSO, `credential_process` and web identity, container and instance metadata.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Access {
    pub profile: Option<String>,
    /// Roles assumed one after the other; what follows is done as the last.
    pub assume_role: Vec<String>,
    /// For the last role of the chain.
    pub external_id: Option<String>,
    /// Roles, each the way into one more account, assumed from where the chain ends. None: the account one is in.
    pub accounts: Vec<String>,
    /// None: the environment's region, else the SDK's.
    pub regions: Vec<String>,
    /// For all services: an emulator, a private endpoint.
    pub endpoint_url: Option<String>,
    /// Read live state from this AWS Config aggregator instead of each account.
    pub aggregator: Option<String>,
    /// AWS Config types (globs) that are listed besides those the declared side has, to find what nobody declares.
    pub discover: Vec<String>,
    /// Ask CloudTrail by itself who was behind new severe drift.
    pub blame: bool,
    /// Live state as of this long ago, from AWS Config's history.
    pub as_of: Option<jiff::Timestamp>,
    /// Read everything anew, whatever is remembered of earlier scans.
    pub full: bool,
    /// DynamoDB table with the locks and digests of the states in S3.
    pub dynamodb_table: Option<String>,
    /// One call may take this long, retries apart.
    pub timeout: Option<Duration>,
}

impl Access {
    /// The regions to look at; empty when only the SDK can say.
    pub fn regions_of(&self, environment: &Environment) -> Vec<String> {
        match self.regions.as_slice() {
            [] if environment.region.is_empty() => vec![],
            [] => vec![environment.region.raw().to_owned()],
            named => named.to_vec(),
        }
    }
}
