//! Made-up recordings of any size, for measuring: deterministic, in the shape AWS delivers.
//!
//! Resource `n` is of kind `n % 4` and has the identity the generator of declared state gives it, so that the two compare equal.

use std::io::{self, Write};

use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-central-1";

/// Writes a Config snapshot of `items` resources.
pub fn snapshot(items: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        br#"{"fileVersion":"1.0","configSnapshotId":"00000000-0000-0000-0000-000000000000","configurationItems":["#,
    )?;
    for n in 0..items {
        if n > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, &item(n))?;
    }
    out.write_all(b"]}")
}

/// One configuration item.
pub fn item(n: usize) -> Value {
    let (config_type, id, name, arn, configuration, supplementary) = match n % 4 {
        0 => instance(n),
        1 => security_group(n),
        2 => bucket(n),
        _ => role(n),
    };
    let region = if n % 4 == 3 { "global" } else { REGION };
    json!({
        "relatedEvents": [], "relationships": relationships(n), "configuration": configuration,
        "supplementaryConfiguration": supplementary, "tags": tags(n), "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-11-20T12:00:00.000Z", "configurationStateId": 1_795_176_000_000_u64,
        "awsAccountId": ACCOUNT, "accountId": ACCOUNT, "configurationItemStatus": "OK", "resourceType": config_type,
        "resourceId": id, "resourceName": name, "ARN": arn, "awsRegion": region, "availabilityZone": "Not Applicable",
        "configurationStateMd5Hash": "", "resourceCreationTime": "2026-01-01T00:00:00.000Z",
    })
}

type Parts = (&'static str, String, String, String, Value, Value);

fn tags(n: usize) -> Value {
    json!({"Name": format!("r-{n}"), "team": "pay"})
}

fn tag_list(n: usize) -> Value {
    json!([{"key": "Name", "value": format!("r-{n}")}, {"key": "team", "value": "pay"}])
}

fn relationships(n: usize) -> Value {
    if n % 4 < 2 {
        json!([{"resourceId": "vpc-0a1b2c3d", "resourceType": "AWS::EC2::VPC", "name": "Is contained in Vpc"}])
    } else {
        json!([])
    }
}

fn instance(n: usize) -> Parts {
    let id = format!("i-{n:017x}");
    let arn = format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{id}");
    let configuration = json!({
        "amiLaunchIndex": 0, "imageId": "ami-0abc1234", "instanceId": id, "instanceType": "t3.micro", "kernelId": null,
        "keyName": null, "launchTime": "2026-01-01T00:00:00.000Z", "monitoring": {"state": "disabled"},
        "placement": {"availabilityZone": "eu-central-1a", "groupName": "", "tenancy": "default"}, "platform": null,
        "privateDnsName": "", "productCodes": [], "state": {"code": 16, "name": "running"}, "stateTransitionReason": "",
        "subnetId": "subnet-0a1b2c3d", "vpcId": "vpc-0a1b2c3d", "architecture": "x86_64", "clientToken": "", "ebsOptimized": false,
        "enaSupport": true, "hypervisor": "xen", "iamInstanceProfile": null, "networkInterfaces": [], "rootDeviceName": "/dev/xvda",
        "rootDeviceType": "ebs", "securityGroups": [], "sourceDestCheck": true, "tags": tag_list(n), "virtualizationType": "hvm",
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"deleteOnTermination": true, "status": "attached", "volumeId": format!("vol-{n:017x}")}}],
        "metadataOptions": {"state": "applied", "httpTokens": "required", "httpPutResponseHopLimit": 2, "httpEndpoint": "enabled"},
    });
    ("AWS::EC2::Instance", id, String::new(), arn, configuration, json!({}))
}

fn security_group(n: usize) -> Parts {
    let id = format!("sg-{n:017x}");
    let arn = format!("arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{id}");
    let configuration = json!({
        "description": "made", "groupName": format!("sg-{n}"), "ownerId": ACCOUNT, "groupId": id, "vpcId": "vpc-0a1b2c3d",
        "ipPermissions": [{"fromPort": 443, "ipProtocol": "tcp", "ipv6Ranges": [], "prefixListIds": [], "toPort": 443,
            "userIdGroupPairs": [], "ipv4Ranges": [{"cidrIp": "10.0.0.0/8"}], "ipRanges": ["10.0.0.0/8"]}],
        "ipPermissionsEgress": [{"ipProtocol": "-1", "ipv6Ranges": [], "prefixListIds": [], "userIdGroupPairs": [],
            "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}], "ipRanges": ["0.0.0.0/0"]}],
        "tags": tag_list(n),
    });
    ("AWS::EC2::SecurityGroup", id, format!("sg-{n}"), arn, configuration, json!({}))
}

fn bucket(n: usize) -> Parts {
    let name = format!("bucket-{n}");
    let configuration = json!({
        "name": name, "owner": {"displayName": null, "id": "0".repeat(64)}, "creationDate": "2026-01-01T00:00:00.000Z",
        "region": REGION,
    });
    let supplementary = json!({
        "AccessControlList": json!(json!({"grantSet": null, "grantList": []}).to_string()).to_string(),
        "BucketAccelerateConfiguration": {"status": null}, "IsRequesterPaysEnabled": false,
        "BucketLoggingConfiguration": {"destinationBucketName": null, "logFilePrefix": null},
        "BucketNotificationConfiguration": {"configurations": {}}, "BucketPolicy": {"policyText": null},
        "BucketVersioningConfiguration": {"status": "Off", "isMfaDeleteEnabled": null},
        "ServerSideEncryptionConfiguration": {"rules": [{"applyServerSideEncryptionByDefault":
            {"sseAlgorithm": "AES256", "kmsMasterKeyID": null}, "bucketKeyEnabled": false}]},
        "BucketTaggingConfiguration": {"tagSets": [{"tags": tags(n)}]},
    });
    ("AWS::S3::Bucket", name.clone(), name.clone(), format!("arn:aws:s3:::{name}"), configuration, supplementary)
}

fn role(n: usize) -> Parts {
    let name = format!("role-{n}");
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B\
                  %22Service%22%3A%22ec2.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
    let configuration = json!({
        "path": "/", "roleName": name, "roleId": format!("AROA{n:017}"), "arn": arn, "createDate": "2026-01-01T00:00:00.000Z",
        "assumeRolePolicyDocument": policy, "instanceProfileList": [], "rolePolicyList": [], "attachedManagedPolicies": [],
        "permissionsBoundary": null, "tags": tag_list(n), "roleLastUsed": null,
    });
    ("AWS::IAM::Role", format!("AROA{n:017}"), name, arn, configuration, json!({}))
}
