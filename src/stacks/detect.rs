//! Has CloudFormation look for drift in one stack and those nested in it, and gathers what it says of every resource.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_cloudformation::types::{
    ResourceStatus, StackDriftDetectionStatus, StackResourceDrift, StackResourceDriftStatus, StackResourceSummary,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::aws::{Fault, FaultKind, Service, Session, Target};
use crate::drift::{SourceError, UnverifiedReason};

/// A detection is asked about so soon,
const FIRST_POLL: Duration = Duration::from_millis(500);
/// then less and less often, up to this,
const SLOWEST_POLL: Duration = Duration::from_secs(10);
/// for so long: CloudFormation takes a minute for large stacks.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// The type of a stack inside a stack; no detection goes into it by itself.
const NESTED: &str = "AWS::CloudFormation::Stack";
/// Stacks inside stacks that are followed; nobody nests so many.
const MOST_STACKS: usize = 500;

/// One stack with all that is nested in it.
pub(super) struct Detected {
    /// For people.
    pub name: String,
    pub target: Arc<Target>,
    pub resources: Vec<Resource>,
    /// What went wrong on the way; the resources it concerns are unknown.
    faults: Vec<Fault>,
}

/// One resource of a stack.
pub(super) struct Resource {
    /// `stack/logical id`, nested stacks between them.
    pub address: String,
    /// `AWS::S3::Bucket`.
    pub resource_type: String,
    pub physical_id: String,
    /// Properties as the template says.
    pub expected: Value,
    pub answer: Answer,
    pub at: Option<Timestamp>,
}

/// What CloudFormation says of it.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Answer {
    /// Properties as they are.
    There(Value),
    Gone,
    Unknown(UnverifiedReason, String),
}

impl Detected {
    pub fn trouble(&self) -> Option<SourceError> {
        let fault = self.faults.first()?;
        Some(super::error(&self.name, &fault.to_string(), &fault.help()))
    }
}

/// Looks at the stack. What cannot even be listed is an error; what could not be looked at is unknown.
pub(super) async fn stack(session: &Session, name: &str) -> Result<Detected, Fault> {
    let target = Arc::clone(&session.target);
    let short = name.rsplit(":stack/").next().unwrap_or(name).split('/').next().unwrap_or(name);
    let mut detected = Detected {
        name: format!("CloudFormation stack {short} of {} in {}", target.account, target.region),
        target,
        resources: vec![],
        faults: vec![],
    };
    let mut left = VecDeque::from([(name.to_owned(), short.to_owned())]);
    let mut seen = 0;
    while let Some((stack, address)) = left.pop_front().filter(|_| seen < MOST_STACKS) {
        seen += 1;
        let listed = match list(session, &stack).await {
            Ok(listed) => listed,
            Err(fault) if seen == 1 => return Err(fault),
            Err(fault) => {
                detected.faults.push(fault);
                continue;
            }
        };
        let (nested, own): (Vec<_>, Vec<_>) = listed.into_iter().partition(|r| r.resource_type() == Some(NESTED));
        left.extend(nested.iter().filter_map(|r| {
            Some((r.physical_resource_id()?.to_owned(), format!("{address}/{}", r.logical_resource_id()?)))
        }));
        if own.is_empty() {
            continue;
        }
        let (mut drifts, fault) = drifts(session, &stack).await;
        let absent = unknown(fault.as_ref());
        let resource = |summary: StackResourceSummary| {
            let drift = drifts.remove(summary.logical_resource_id().unwrap_or_default());
            resource(&address, &summary, drift.as_ref(), &absent)
        };
        detected.resources.extend(own.into_iter().map(resource));
        detected.faults.extend(fault);
    }
    Ok(detected)
}

/// Every resource of the stack that is there.
async fn list(session: &Session, stack: &str) -> Result<Vec<StackResourceSummary>, Fault> {
    let client = session.cloudformation();
    let (mut all, mut token): (Vec<StackResourceSummary>, Option<String>) = (vec![], None);
    loop {
        let request = client.list_stack_resources().stack_name(stack).set_next_token(token.take());
        let page = session
            .call(Service::CloudFormation, "cloudformation:ListStackResources", || request.clone().send())
            .await?;
        let is_there = |r: &&StackResourceSummary| r.resource_status() != Some(&ResourceStatus::DeleteComplete);
        all.extend(page.stack_resource_summaries().iter().filter(is_there).cloned());
        match page.next_token().filter(|t| !t.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return Ok(all),
        }
    }
}

/// By logical id; up to a fault if there was one.
async fn drifts(session: &Session, stack: &str) -> (HashMap<String, StackResourceDrift>, Option<Fault>) {
    let mut found = HashMap::new();
    // What a detection that failed for some found of the others stands all the same.
    let failed = match detection(session, stack).await {
        Ok(failed) => failed,
        Err(fault) => return (found, Some(fault)),
    };
    let client = session.cloudformation();
    let mut token: Option<String> = None;
    loop {
        let request = client.describe_stack_resource_drifts().stack_name(stack).set_next_token(token.take());
        let action = "cloudformation:DescribeStackResourceDrifts";
        let page = match session.call(Service::CloudFormation, action, || request.clone().send()).await {
            Ok(page) => page,
            Err(fault) => return (found, Some(fault)),
        };
        let named = |drift: &StackResourceDrift| Some((drift.logical_resource_id()?.to_owned(), drift.clone()));
        found.extend(page.stack_resource_drifts().iter().filter_map(named));
        match page.next_token().filter(|t| !t.is_empty()) {
            Some(next) => token = Some(next.to_owned()),
            None => return (found, failed),
        }
    }
}

/// Starts a detection and waits for its end; `Some` when it failed for a part of the resources.
async fn detection(session: &Session, stack: &str) -> Result<Option<Fault>, Fault> {
    let client = session.cloudformation();
    let request = client.detect_stack_drift().stack_name(stack);
    let begun =
        session.call(Service::CloudFormation, "cloudformation:DetectStackDrift", || request.clone().send()).await?;
    let id = begun.stack_drift_detection_id().unwrap_or_default();
    let action = "cloudformation:DescribeStackDriftDetectionStatus";
    let (start, mut pause) = (Instant::now(), FIRST_POLL);
    let fault = |message: String| Fault { kind: FaultKind::Other, action, code: String::new(), message };
    while start.elapsed() < PATIENCE {
        tokio::time::sleep(pause).await;
        let request = client.describe_stack_drift_detection_status().stack_drift_detection_id(id);
        let status = session.call(Service::CloudFormation, action, || request.clone().send()).await?;
        match status.detection_status() {
            Some(StackDriftDetectionStatus::DetectionInProgress) => pause = (pause * 3 / 2).min(SLOWEST_POLL),
            Some(StackDriftDetectionStatus::DetectionComplete) => return Ok(None),
            _ => return Ok(Some(fault(status.detection_status_reason().unwrap_or("no reason is given").to_owned()))),
        }
    }
    Err(fault(format!("the detection of drift in {stack} had no end after {} minutes", PATIENCE.as_secs() / 60)))
}

/// What a resource is that CloudFormation says nothing of.
fn unknown(fault: Option<&Fault>) -> Answer {
    match fault {
        Some(fault) => Answer::Unknown(fault.reason(), fault.to_string()),
        None => not_observable("CloudFormation cannot look for drift in resources of this type"),
    }
}

fn not_observable(why: &str) -> Answer {
    Answer::Unknown(UnverifiedReason::NotObservable, why.to_owned())
}

fn resource(
    stack: &str,
    summary: &StackResourceSummary,
    drift: Option<&StackResourceDrift>,
    absent: &Answer,
) -> Resource {
    let (expected, answer) = match drift {
        Some(drift) => answer(drift),
        None => (Value::Object(Map::new()), absent.clone()),
    };
    Resource {
        address: format!("{stack}/{}", summary.logical_resource_id().unwrap_or_default()),
        resource_type: summary.resource_type().unwrap_or_default().to_owned(),
        physical_id: summary.physical_resource_id().unwrap_or_default().to_owned(),
        expected,
        answer,
        at: drift.and_then(|d| d.timestamp()).and_then(|t| Timestamp::from_nanosecond(t.as_nanos()).ok()),
    }
}

/// Expected properties, and the live side made of them: of what CloudFormation calls different, the whole property as it is. What
/// it calls the same stays so, because it knows how each type spells things.
pub(super) fn answer(drift: &StackResourceDrift) -> (Value, Answer) {
    let object = |text: Option<&str>| text.and_then(|t| serde_json::from_str::<Map<String, Value>>(t).ok());
    let expected = object(drift.expected_properties()).unwrap_or_default();
    let reason = |otherwise: &str| not_observable(drift.drift_status_reason().unwrap_or(otherwise));
    let answer = match drift.stack_resource_drift_status() {
        Some(StackResourceDriftStatus::InSync) => Answer::There(Value::Object(expected.clone())),
        Some(StackResourceDriftStatus::Deleted) => Answer::Gone,
        Some(StackResourceDriftStatus::Modified) => match object(drift.actual_properties()) {
            Some(actual) => Answer::There(Value::Object(live(&expected, actual, drift))),
            None => Answer::Unknown(
                UnverifiedReason::SourceFailed,
                "CloudFormation says that it was modified, and not how".to_owned(),
            ),
        },
        Some(StackResourceDriftStatus::Unsupported) => {
            reason("CloudFormation cannot look for drift in resources of this type")
        }
        Some(StackResourceDriftStatus::NotChecked) => reason("CloudFormation did not check it"),
        _ => Answer::Unknown(
            UnverifiedReason::SourceFailed,
            drift.drift_status_reason().unwrap_or("CloudFormation could not look for drift in it").to_owned(),
        ),
    };
    (Value::Object(expected), answer)
}

fn live(
    expected: &Map<String, Value>,
    mut actual: Map<String, Value>,
    drift: &StackResourceDrift,
) -> Map<String, Value> {
    // JSON pointers: `/Tags/0/Value`; several may lead into one property.
    let property = |path: &str| path.split('/').nth(1).unwrap_or_default().replace("~1", "/").replace("~0", "~");
    let paths = drift.property_differences().iter().filter_map(|difference| difference.property_path());
    let mut live = expected.clone();
    for property in paths.map(property).collect::<BTreeSet<_>>() {
        match actual.remove(&property) {
            Some(value) => live.insert(property, value),
            None => live.remove(&property),
        };
    }
    live
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::PropertyDifference;
    use serde_json::json;

    use super::*;

    /// As the command line prints it.
    fn drift(entry: &Value) -> StackResourceDrift {
        let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
        let difference = |d: &Value| PropertyDifference::builder().set_property_path(text(d, "PropertyPath")).build();
        let differences = entry["PropertyDifferences"].as_array().map(|all| all.iter().map(difference).collect());
        StackResourceDrift::builder()
            .set_expected_properties(text(entry, "ExpectedProperties"))
            .set_actual_properties(text(entry, "ActualProperties"))
            .set_property_differences(differences)
            .set_drift_status_reason(text(entry, "DriftStatusReason"))
            .set_stack_resource_drift_status(text(entry, "StackResourceDriftStatus").map(|s| s.as_str().into()))
            .build()
    }

    #[test]
    fn recorded_drifts_give_both_sides() {
        let Some(path) = crate::testing::shared("lab/recorded/ms_cfn_resource_drifts.json") else { return };
        let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let answers: Vec<_> =
            recorded["StackResourceDrifts"].as_array().unwrap().iter().map(|e| answer(&drift(e))).collect();
        let bucket = |status: &str| json!({"BucketName": "cfn-b", "VersioningConfiguration": {"Status": status}});
        assert_eq!(answers[0], (bucket("Enabled"), Answer::There(bucket("Suspended"))));
        assert_eq!(answers[1].0["VisibilityTimeout"], 30);
        assert!(matches!(&answers[1].1, Answer::There(live) if live["VisibilityTimeout"] == 60));
        assert_eq!(answers[2], (json!({}), Answer::Gone));
    }

    #[test]
    fn only_what_cloudformation_calls_different_differs_and_what_was_taken_away_is_away() {
        let modified = |actual: Value, paths: &[&str]| {
            let differences: Vec<Value> = paths.iter().map(|p| json!({"PropertyPath": p})).collect();
            answer(&drift(&json!({
                "StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": differences,
                "ExpectedProperties": json!({"Name": "Web", "Tags": [{"Key": "a"}, {"Key": "b"}]}).to_string(),
                "ActualProperties": actual.to_string(),
            })))
            .1
        };
        let actual = json!({"Name": "web", "Tags": [{"Key": "c"}]});
        let live = Answer::There(json!({"Name": "Web", "Tags": [{"Key": "c"}]}));
        assert_eq!(modified(actual, &["/Tags/0/Key", "/Tags/1"]), live);
        assert_eq!(modified(json!({"Name": "web"}), &["/Tags"]), Answer::There(json!({"Name": "Web"})));
        let added = json!({"Name": "Web", "Tags": [{"Key": "a"}, {"Key": "b"}], "Extra": 1});
        assert_eq!(modified(added.clone(), &["/Extra"]), Answer::There(added));
    }

    #[test]
    fn every_other_status_leaves_the_resource_unverified_with_its_reason() {
        let status = |status: &str, reason: Option<&str>| {
            answer(&drift(&json!({"StackResourceDriftStatus": status, "DriftStatusReason": reason}))).1
        };
        let is = |answer: Answer, reason: UnverifiedReason, words: &str| matches!(answer, Answer::Unknown(r, text) if r == reason && text.contains(words));
        assert!(is(status("NOT_CHECKED", None), UnverifiedReason::NotObservable, "did not check"));
        assert!(is(status("UNSUPPORTED", None), UnverifiedReason::NotObservable, "of this type"));
        assert!(is(status("UNKNOWN", Some("Rate exceeded")), UnverifiedReason::SourceFailed, "Rate exceeded"));
        assert!(is(status("MODIFIED", None), UnverifiedReason::SourceFailed, "not how"));
    }
}
