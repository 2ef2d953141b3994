//! Configuration items as AWS writes them: the samples of its rule development kit, read as recordings and through fakecloud.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use driftguard::live::{LiveResource, documents};
use serde_json::{Value, json};

use crate::lab::{drive, fakecloud, samples, scan};
use crate::support::{driftguard, run};

/// Types of AWS that no Terraform type here is read from.
const UNREAD: [&str; 22] = [
    "AWS::CloudFront::StreamingDistribution",
    "AWS::EC2::CapacityReservation",
    "AWS::EC2::Host",
    "AWS::ECR::PublicRepository",
    "AWS::ElasticBeanstalk::Application",
    "AWS::ElasticBeanstalk::ApplicationVersion",
    "AWS::ElasticBeanstalk::Environment",
    "AWS::Glue::Classifier",
    "AWS::Glue::Job",
    "AWS::Glue::MLTransform",
    "AWS::NetworkFirewall::RuleGroup",
    "AWS::RDS::DBClusterSnapshot",
    "AWS::RDS::DBSecurityGroup",
    "AWS::RDS::DBSnapshot",
    "AWS::Redshift::ClusterParameterGroup",
    "AWS::Redshift::ClusterSecurityGroup",
    "AWS::Redshift::ClusterSnapshot",
    "AWS::Redshift::EventSubscription",
    "AWS::S3::AccountPublicAccessBlock",
    "AWS::SSM::ManagedInstanceInventory",
    "AWS::Shield::Protection",
    "AWS::ShieldRegional::Protection",
];

/// Files that AWS itself broke: one lacks its last bracket, one has control characters in its strings.
const UNCLOSED: &str = "AWS_EC2_NetworkInterface";
const NO_JSON: &str = "AWS_SSM_ManagedInstanceInventory_Linux";

/// Account and region of the emulators.
const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";

/// The samples by name, whole, in the emulators' account and region.
fn items() -> Option<Vec<(String, Value)>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(samples()?).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "json"));
    files.sort();
    let item = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = if name == UNCLOSED { text + "]" } else { text };
        if name == NO_JSON {
            let told = documents(&path).unwrap_err();
            assert!(told.message.raw().contains("no valid JSON"), "{told:?}");
            return None;
        }
        let whole: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let item = whole.get(0).or(whole.get("configurationItem")).unwrap_or(&whole);
        let said = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let (account, region) = (said("accountId").max(said("awsAccountId")), said("awsRegion"));
        let moved = item.to_string().replace(&account, ACCOUNT);
        let moved = if region == "global" { moved } else { moved.replace(&region, REGION) };
        Some((name, serde_json::from_str(&moved).unwrap()))
    };
    Some(files.into_iter().filter_map(item).collect())
}

/// Read as a recording that holds only this item.
fn read(name: &str, item: &Value) -> LiveResource {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(format!("{name}.json"));
    std::fs::write(&file, item.to_string()).unwrap();
    let mut all = documents(&file).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    assert_eq!(all.len(), 1, "{name}");
    all.remove(0)
}

/// What `driftguard aws types` says of each type.
fn covered() -> BTreeMap<String, Value> {
    let home = tempfile::tempdir().unwrap();
    let (code, out, err) = run(driftguard(home.path()).args(["aws", "types", "--format", "json"]));
    assert_eq!(code, 0, "{err}");
    let rows: Vec<Value> = serde_json::from_str(&out).unwrap();
    rows.into_iter().map(|row| (row["terraform"].as_str().unwrap().to_owned(), row)).collect()
}

/// Whether the value says anything beyond what the item is called.
fn tells(name: &str, value: &Value) -> bool {
    !matches!(name, "id" | "arn" | "tags" | "tags_all") && !value.is_null()
}

#[test]
fn every_sample_item_of_aws_is_understood() {
    let Some(items) = items() else { return };
    let types = covered();
    let mut unread = BTreeSet::new();
    let mut mute = vec![];
    for (name, item) in items {
        let one = read(&name, &item);
        let Some(row) = types.get(&*one.resource_type) else {
            unread.insert(one.resource_type.to_string());
            continue;
        };
        let values = one.values.as_object().unwrap();
        let told = values.iter().filter(|(name, value)| tells(name, value)).count();
        let said = |path: &str| values.contains_key(path.split(['.', '[']).next().unwrap_or(path));
        let silent: Vec<&str> = match row["shape"].as_str() {
            Some("described") => {
                row["compared"].as_array().unwrap().iter().filter_map(Value::as_str).filter(|p| !said(p)).collect()
            }
            _ => vec![],
        };
        eprintln!("{:<40} {told:>3} attributes; not in the sample: {}", one.resource_type, silent.join(" "));
        if told == 0 {
            mute.push(name);
        }
    }
    assert!(mute.is_empty(), "mapped, and nothing is read of: {mute:?}");
    let known: BTreeSet<String> = UNREAD.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!(unread, known);
}

/// Gives fakecloud each item, in the only form AWS takes items in: without supplementary configuration.
const PUT: &str = r#"
config = client('config')
client('s3').create_bucket(Bucket='delivery', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
config.put_configuration_recorder(ConfigurationRecorder={'name': 'default', 'roleARN': 'arn:aws:iam::123456789012:role/c',
    'recordingGroup': {'allSupported': True, 'includeGlobalResourceTypes': True}})
config.put_delivery_channel(DeliveryChannel={'name': 'default', 's3BucketName': 'delivery'})
config.start_configuration_recorder(ConfigurationRecorderName='default')
for item in json.load(open(sys.argv[2])):
    text = item['configuration'] if isinstance(item['configuration'], str) else json.dumps(item['configuration'])
    config.put_resource_config(ResourceType=item['resourceType'], SchemaVersionId='1', ResourceId=item['resourceId'],
        ResourceName=item.get('resourceName') or item['resourceId'], Configuration=text, Tags=item.get('tags') or {})
"#;

#[test]
fn what_is_declared_as_it_was_read_is_in_sync_when_aws_config_answers() {
    let (Some(server), Some(items)) = (fakecloud(), items()) else { return };
    let types = covered();
    let (mut put, mut resources) = (vec![], vec![]);
    // Its tags say one thing beside the configuration and another inside.
    for (name, mut item) in items.into_iter().filter(|(name, _)| name != "AWS_EC2_FlowLog") {
        item["supplementaryConfiguration"] = json!({});
        let one = read(&name, &item);
        let kind = one.resource_type.to_string();
        // The emulator gives its own ARNs, in which no resource has the one it has in its configuration.
        let by_arn = one.values.get("id").is_none() || item["resourceId"] == item["arn"];
        if types.contains_key(&kind) && !by_arn {
            let mut values = one.values.clone();
            values.as_object_mut().unwrap().remove("arn");
            resources.push(json!({"mode": "managed", "type": kind, "name": name.to_lowercase(),
                "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
                "instances": [{"schema_version": 0, "attributes": values}]}));
            put.push(item);
        }
    }
    let home = tempfile::tempdir().unwrap();
    let (list, state) = (home.path().join("items.json"), home.path().join("terraform.tfstate"));
    std::fs::write(&list, json!(put).to_string()).unwrap();
    let document = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": resources});
    std::fs::write(&state, document.to_string()).unwrap();
    drive(&server.url, PUT, &[list.to_str().unwrap()]);
    let (_, out, err) =
        run(&mut scan(home.path(), &server.url, &["--state", state.to_str().unwrap(), "--format", "json"]));
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    let counts = &report["environments"][0]["counts"];
    eprintln!("{} items, {counts}", resources.len());
    // The bucket that AWS Config delivers to is in no code.
    let drifts = report["drifts"].as_array().unwrap();
    assert!(drifts.len() == 1 && drifts[0]["drift_type"] == "added", "{report:#}");
    assert_eq!(drifts[0]["import"]["block"], "import {\n  to = aws_s3_bucket.delivery\n  id = \"delivery\"\n}");
    assert!(counts["in_sync"].as_u64() >= Some(25), "{report:#}");
}
