//! Declared resources that AWS Config does not record, read one by one through Cloud Control: its answers are AWS's own models
//! of the types (CloudFormation's).

use std::collections::{BTreeSet, HashMap};

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::{Value, json};

use crate::aws::{Fault, Service, Session, Target};
use crate::declared::DeclaredResource;
use crate::drift::UnverifiedReason;
use crate::live::Lookup;
use crate::live::aws_config::AwsConfig;

/// Every resource is a call of its own; what is beyond this many stays unverified.
const MOST: usize = 1000;
const AT_ONCE: usize = 8;

/// One resource to ask for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ask {
    /// The type as Cloud Control calls it, and the resource's identifier there.
    pub model: &'static str,
    pub identifier: String,
    /// As AWS Config calls it.
    pub config_type: &'static str,
    /// As declared; what of account and region it does not say is empty.
    pub arn: String,
    pub region: String,
}

impl Ask {
    fn may_be_in(&self, target: &Target) -> bool {
        may_be_in(target, &self.arn, &self.region)
    }
}

/// Where a resource is, as far as it is declared: its ARN and its region, each empty where that is not said.
pub(super) fn declared_in(declared: &DeclaredResource) -> (String, String) {
    let text = |key: &str| declared.values.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let arn = text("arn");
    let of_arn = arn.split(':').nth(3).unwrap_or_default().to_owned();
    let region = if of_arn.is_empty() { text("region") } else { of_arn };
    (arn, region)
}

/// Nothing that is declared speaks against this account and region.
pub(super) fn may_be_in(target: &Target, arn: &str, region: &str) -> bool {
    let account = arn.split(':').nth(4).unwrap_or_default();
    (region.is_empty() || region == target.region) && (account.is_empty() || account == target.account)
}

/// What is to be asked for.
#[derive(Default)]
pub struct Asks {
    asks: BTreeSet<Ask>,
    /// AWS Config types some declared resource of cannot be asked for.
    left_out: BTreeSet<&'static str>,
}

impl Asks {
    /// Adds a resource, if Cloud Control can be asked for it.
    pub fn add(&mut self, declared: &DeclaredResource, config_type: &'static str) {
        let Some((model, identifier)) = AwsConfig::cloud_control(declared).filter(|_| self.asks.len() < MOST) else {
            self.left_out.insert(config_type);
            return;
        };
        let (arn, region) = declared_in(declared);
        self.asks.insert(Ask { model, identifier, config_type, arn, region });
    }

    pub fn is_empty(&self) -> bool {
        self.asks.is_empty()
    }

    /// Calls that will be made to this account and region.
    pub fn calls(&self, target: &Target) -> u64 {
        self.asks.iter().filter(|ask| ask.may_be_in(target)).count() as u64
    }
}

/// What Cloud Control said, by model and identifier.
#[derive(Default)]
pub(super) struct Answers {
    answers: HashMap<(&'static str, String), Answer>,
    /// AWS Config types of which every declared resource has an answer.
    pub settled: BTreeSet<&'static str>,
}

#[derive(Clone, Debug)]
enum Answer {
    /// A configuration item of the model's shape.
    There(String),
    Gone,
    Unknown(UnverifiedReason, String),
}

impl Answers {
    /// Adds what was asked for later.
    pub fn add(&mut self, later: Self) {
        self.answers.extend(later.answers);
    }

    /// What is known of a declared resource; `None`: it was not asked for.
    pub fn lookup(&self, declared: &DeclaredResource, family: &[DeclaredResource]) -> Option<Lookup> {
        if self.answers.is_empty() {
            return None;
        }
        match self.answers.get(&AwsConfig::cloud_control(declared)?)? {
            Answer::There(item) => AwsConfig::from_model(declared, family, item),
            Answer::Gone => Some(AwsConfig::not_found(declared)),
            Answer::Unknown(reason, why) => Some(Lookup::Unknown(*reason, why.as_str().into())),
        }
    }
}

/// Asks every account and region where the resource may be.
pub(super) async fn read(sessions: &[Session], asks: Asks) -> Answers {
    let pairs = asks.asks.iter().flat_map(|ask| {
        sessions.iter().filter(move |session| ask.may_be_in(&session.target)).map(move |session| (ask, session))
    });
    let answered = stream::iter(pairs).map(|(ask, session)| async move { (ask, get(session, ask).await) });
    let mut all: HashMap<(&'static str, String), Vec<Answer>> = HashMap::new();
    let mut answered = answered.buffer_unordered(AT_ONCE);
    while let Some((ask, answer)) = answered.next().await {
        all.entry((ask.model, ask.identifier.clone())).or_default().push(answer);
    }
    let answers: HashMap<_, _> = all.into_iter().map(|(key, answers)| (key, one_of(answers))).collect();
    let is_known = |ask: &&Ask| {
        let answer = answers.get(&(ask.model, ask.identifier.clone()));
        answer.is_some_and(|answer| !matches!(answer, Answer::Unknown(..)))
    };
    let (known, unknown): (Vec<&Ask>, Vec<&Ask>) = asks.asks.iter().partition(is_known);
    let unknown: BTreeSet<_> = unknown.iter().map(|ask| ask.config_type).chain(asks.left_out).collect();
    let settled = known.iter().map(|ask| ask.config_type).filter(|t| !unknown.contains(t)).collect();
    Answers { answers, settled }
}

/// Of the answers of several accounts and regions.
fn one_of(answers: Vec<Answer>) -> Answer {
    let there: Vec<&Answer> = answers.iter().filter(|a| matches!(a, Answer::There(_))).collect();
    let unknown = || answers.iter().find(|a| matches!(a, Answer::Unknown(..)));
    match there.as_slice() {
        [one] => (*one).clone(),
        [] => unknown().cloned().unwrap_or(Answer::Gone),
        many => Answer::Unknown(
            UnverifiedReason::NotObservable,
            format!("{} resources have this name, in different accounts or regions", many.len()),
        ),
    }
}

async fn get(session: &Session, ask: &Ask) -> Answer {
    let request = session.cloud_control().get_resource().type_name(ask.model).identifier(&ask.identifier);
    let answer = session.call(Service::CloudControl, "cloudformation:GetResource", || request.clone().send()).await;
    let properties = answer.map(|a| a.resource_description().and_then(|r| r.properties()).map(str::to_owned));
    match properties {
        Ok(Some(properties)) => Answer::There(item(session, ask, &properties)),
        Ok(None) => Answer::Unknown(UnverifiedReason::SourceFailed, "Cloud Control gave no properties".to_owned()),
        Err(fault) => refused(&fault),
    }
}

/// Only this code says that the resource is not there; others say that of the type.
fn refused(fault: &Fault) -> Answer {
    match fault.code.as_str() {
        "ResourceNotFoundException" => Answer::Gone,
        _ => Answer::Unknown(fault.reason(), format!("{fault}; {}", fault.help())),
    }
}

/// The answer as a configuration item, marked as the model's shape.
fn item(session: &Session, ask: &Ask, properties: &str) -> String {
    let parsed: Value = serde_json::from_str(properties).unwrap_or_default();
    let own = format!("{}Arn", ask.model.rsplit("::").next().unwrap_or_default());
    let arn = ["Arn", own.as_str()].iter().find_map(|key| parsed.get(key)?.as_str()).unwrap_or(&ask.arn);
    json!({
        "configurationShape": "cloudformation",
        "accountId": session.target.account,
        "awsRegion": session.target.region,
        "arn": arn,
        "resourceType": ask.model,
        "resourceId": ask.identifier,
        "configurationItemCaptureTime": jiff::Timestamp::now().as_second(),
        "configurationItemStatus": "OK",
        "configuration": properties,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::FaultKind;

    #[test]
    fn gone_is_what_no_account_and_region_has_and_none_could_not_say() {
        let unknown = || Answer::Unknown(UnverifiedReason::Denied, "no".into());
        assert!(matches!(one_of(vec![Answer::Gone, Answer::Gone]), Answer::Gone));
        assert!(matches!(one_of(vec![Answer::Gone, unknown()]), Answer::Unknown(UnverifiedReason::Denied, _)));
        assert!(matches!(one_of(vec![unknown(), Answer::There("{}".into())]), Answer::There(_)));
        assert!(matches!(one_of(vec![Answer::There("{}".into()), Answer::There("{}".into())]), Answer::Unknown(..)));
    }

    #[test]
    fn a_type_that_is_not_known_says_nothing_of_the_resource() {
        let fault = |code: &str| Fault {
            kind: FaultKind::NotFound,
            action: "cloudformation:GetResource",
            code: code.into(),
            message: String::new(),
        };
        assert!(matches!(refused(&fault("ResourceNotFoundException")), Answer::Gone));
        assert!(matches!(refused(&fault("TypeNotFoundException")), Answer::Unknown(..)));
    }
}
