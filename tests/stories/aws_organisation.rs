//! An organisation through one aggregator: the same name in another account or region is another resource, and what the aggregator
//! does not hold is not gone.

use serde_json::{Value, json};

use crate::lab::fake::{Fake, Reply, Request, bucket};
use crate::lab::report::{told, unverified};
use crate::lab::stand::{Stand, declared, state_of};
use crate::lab::{drive, fakecloud};

/// The item of an SNS topic called `jobs`.
fn topic(account: &str, region: &str, display: &str) -> Value {
    let arn = format!("arn:aws:sns:{region}:{account}:jobs");
    let mut item = bucket(&arn);
    item["accountId"] = account.into();
    item["awsRegion"] = region.into();
    item["arn"] = arn.as_str().into();
    item["resourceType"] = "AWS::SNS::Topic".into();
    item["resourceName"] = "jobs".into();
    item["configuration"] = json!({"DisplayName": display, "TopicArn": arn}).to_string().into();
    item["supplementaryConfiguration"] = json!({});
    item
}

/// An aggregator that holds the topics of two accounts, one of them in two regions; of a third account nothing arrived.
fn aggregator(request: &Request<'_>) -> Option<Reply> {
    let held = [
        topic("111111111111", "eu-west-1", "Jobs"),
        topic("222222222222", "eu-west-1", "Renamed"),
        topic("222222222222", "eu-central-1", "Jobs"),
    ];
    let status = |account: &str, region: &str, status: &str| json!({"SourceId": account, "SourceType": "ACCOUNT", "AwsRegion": region, "LastUpdateStatus": status});
    let identifier = |item: &Value| {
        json!({"SourceAccountId": item["accountId"], "SourceRegion": item["awsRegion"],
            "ResourceId": item["resourceId"], "ResourceType": item["resourceType"]})
    };
    Some(Reply::Json(match request.action {
        "DescribeConfigurationAggregatorSourcesStatus" => json!({"AggregatedSourceStatusList": [
            status("111111111111", "eu-west-1", "SUCCEEDED"), status("222222222222", "eu-west-1", "SUCCEEDED"),
            status("222222222222", "eu-central-1", "SUCCEEDED"), status("333333333333", "eu-west-1", "FAILED")]}),
        "ListAggregateDiscoveredResources" if request.body["ResourceType"] == "AWS::SNS::Topic" => {
            json!({"ResourceIdentifiers": held.iter().map(identifier).collect::<Vec<_>>()})
        }
        "ListAggregateDiscoveredResources" => {
            return Some(Reply::Error(400, "ValidationException", "the aggregator does not hold this type"));
        }
        "BatchGetAggregateResourceConfig" => {
            let asked = request.body["ResourceIdentifiers"].as_array()?;
            let items: Vec<&Value> = held.iter().filter(|item| asked.contains(&identifier(item))).collect();
            json!({"BaseConfigurationItems": items, "UnprocessedResourceIdentifiers": []})
        }
        _ => return None,
    }))
}

/// An environment that is read through the aggregator.
fn world(url: &str, resources: &[Value]) -> Stand {
    Stand::new(url, &state_of(resources), ", aggregator = \"everybody\"")
}

#[test]
fn the_same_name_in_another_account_or_region_is_another_resource_and_what_did_not_arrive_is_not_gone() {
    let fake = Fake::start(aggregator);
    let topic = |name: &str, account: &str, region: &str| {
        let arn = format!("arn:aws:sns:{region}:{account}:jobs");
        declared("aws_sns_topic", name, json!({"id": arn, "arn": arn, "name": "jobs", "display_name": "Jobs"}))
    };
    let stand = world(
        &fake.url,
        &[
            topic("first", "111111111111", "eu-west-1"),
            topic("second", "222222222222", "eu-west-1"),
            topic("central", "222222222222", "eu-central-1"),
            topic("gone", "111111111111", "eu-west-1-none"),
            topic("third", "333333333333", "eu-west-1"),
            declared("aws_s3_bucket", "data", json!({"id": "data", "bucket": "data", "arn": "arn:aws:s3:::data"})),
        ],
    );
    let (_, report) = stand.scan(&[]);
    assert_eq!(told(&report), ["modified aws_sns_topic.second display_name"], "{report:#}");
    // Neither a region nor an account the aggregator has nothing of, nor a type it does not hold.
    let expected =
        ["aws_s3_bucket.data source_failed", "aws_sns_topic.gone not_observable", "aws_sns_topic.third not_observable"];
    assert_eq!(unverified(&report), expected, "{report:#}");
    assert!(report["errors"].to_string().contains("ListAggregateDiscoveredResources"), "{}", report["errors"]);
}

#[test]
fn a_resource_an_account_of_the_organisation_lost_is_gone() {
    let fake = Fake::start(aggregator);
    let arn = "arn:aws:sns:eu-west-1:111111111111:other";
    let lost = declared("aws_sns_topic", "lost", json!({"id": arn, "arn": arn, "name": "other"}));
    let (_, report) = world(&fake.url, &[lost]).scan(&[]);
    assert!(told(&report).contains(&"deleted aws_sns_topic.lost".to_owned()), "{report:#}");
}

/// A recorder, an aggregator of the account itself, and two buckets of which one is declared with another versioning.
const CREATE: &str = r#"
config, s3 = client('config'), client('s3')
config.put_configuration_recorder(ConfigurationRecorder={'name': 'default', 'roleARN': 'arn:aws:iam::123456789012:role/c',
    'recordingGroup': {'allSupported': True, 'includeGlobalResourceTypes': True}})
def bucket(name): s3.create_bucket(Bucket=name, CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
bucket('delivery')
config.put_delivery_channel(DeliveryChannel={'name': 'default', 's3BucketName': 'delivery'})
config.start_configuration_recorder(ConfigurationRecorderName='default')
account = client('sts').get_caller_identity()['Account']
config.put_configuration_aggregator(ConfigurationAggregatorName='everybody',
    AccountAggregationSources=[{'AccountIds': [account], 'AwsRegions': ['eu-west-1']}])
found = []
for name in ['data-0', 'data-1']:
    bucket(name)
    found.append({'mode': 'managed', 'type': 'aws_s3_bucket', 'name': name, 'provider': 'provider["registry.terraform.io/hashicorp/aws"]',
        'instances': [{'schema_version': 0, 'attributes': {'id': name, 'bucket': name, 'arn': 'arn:aws:s3:::' + name, 'region': 'eu-west-1'}}]})
client('s3').delete_bucket(Bucket='data-1')
print(json.dumps({'version': 4, 'terraform_version': '1.11.4', 'serial': 1, 'lineage': 'l', 'outputs': {}, 'resources': found}))
"#;

#[test]
fn an_emulators_aggregator_is_read_as_the_fake_one_is() {
    let Some(server) = fakecloud() else { return };
    if crate::lab::python().is_none() {
        return;
    }
    let stand = Stand::new(&server.url, &drive(&server.url, CREATE, &[]), ", aggregator = \"everybody\"");
    let (_, report) = stand.scan(&[]);
    let lines = told(&report);
    assert!(lines.contains(&"deleted aws_s3_bucket.data-1".to_owned()), "{report:#}");
    assert!(!lines.iter().any(|line| line.contains("data-0")), "{report:#}");
}
