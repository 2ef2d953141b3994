//! Makes Terraform states of any size for benches and for trying things out: same number, same bytes.

use std::io::{self, Write};

use serde::Serializer;
use serde::ser::{Serialize, SerializeMap, SerializeSeq};
use serde_json::ser::{PrettyFormatter, Serializer as JsonSerializer};
use serde_json::{Value, json};

/// Writes a state with `resources` resources in the pretty form Terraform writes, one at a time. Five types take turns
/// (aws_instance, aws_security_group, aws_s3_bucket, aws_iam_role, local_file), about 750 bytes to 3 KB each.
pub fn state(resources: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut json = JsonSerializer::with_formatter(&mut *out, PrettyFormatter::new());
    let mut top = json.serialize_map(None)?;
    top.serialize_entry("version", &4)?;
    top.serialize_entry("terraform_version", "1.11.4")?;
    top.serialize_entry("serial", &17)?;
    top.serialize_entry("lineage", "3f1c2c5e-0000-4000-8000-000000000000")?;
    top.serialize_entry("outputs", &json!({"region": {"value": "eu-central-1", "type": "string"}}))?;
    top.serialize_entry("resources", &Resources(resources))?;
    top.serialize_entry("check_results", &Value::Null)?;
    SerializeMap::end(top)?;
    out.write_all(b"\n")
}

struct Resources(usize);

impl Serialize for Resources {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0))?;
        for number in 0..self.0 {
            list.serialize_element(&resource(number))?;
        }
        list.end()
    }
}

/// The resource with this number.
pub fn resource(number: usize) -> Value {
    let (resource_type, attributes) = match number % 5 {
        0 => ("aws_instance", instance(number)),
        1 => ("aws_security_group", security_group(number)),
        2 => ("aws_s3_bucket", bucket(number)),
        3 => ("aws_iam_role", role(number)),
        _ => ("local_file", file(number)),
    };
    let provider = resource_type.split('_').next().unwrap_or("aws");
    let mut resource = json!({
        "mode": "managed",
        "type": resource_type,
        "name": format!("r{number}"),
        "provider": format!("provider[\"registry.terraform.io/hashicorp/{provider}\"]"),
        "instances": [{"schema_version": 1, "attributes": attributes, "sensitive_attributes": [],
            "private": "eyJzY2hlbWFfdmVyc2lvbiI6IjEifQ==", "dependencies": ["aws_vpc.main", "data.aws_ami.base"]}]
    });
    if number.is_multiple_of(7) {
        resource["module"] = Value::from(format!("module.team_{}", number % 11));
    }
    if number.is_multiple_of(13) {
        resource["instances"][0]["index_key"] = Value::from(format!("eu-{number}"));
    }
    resource
}

/// A cloud's id: the number, spread over 17 hexadecimal digits.
fn id(prefix: &str, number: usize) -> String {
    let spread = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{prefix}-0{spread:016x}")
}

fn tags(number: usize) -> Value {
    json!({"Name": format!("svc-{number}"), "Team": format!("team-{}", number % 11), "Environment": "prod", "ManagedBy": "terraform"})
}

fn instance(number: usize) -> Value {
    let id_text = id("i", number);
    json!({
        "ami": id("ami", number % 4), "arn": format!("arn:aws:ec2:eu-central-1:123456789012:instance/{id_text}"),
        "associate_public_ip_address": false, "availability_zone": "eu-central-1a", "capacity_reservation_specification":
        [{"capacity_reservation_preference": "open", "capacity_reservation_target": []}], "cpu_core_count": 2,
        "cpu_threads_per_core": 1, "credit_specification": [{"cpu_credits": "unlimited"}], "disable_api_termination": number.is_multiple_of(3),
        "ebs_block_device": [], "ebs_optimized": true, "enclave_options": [{"enabled": false}], "ephemeral_block_device": [],
        "get_password_data": false, "hibernation": false, "iam_instance_profile": format!("profile-{}", number % 20), "id": id_text,
        "instance_initiated_shutdown_behavior": "stop", "instance_state": "running", "instance_type": "m6i.large",
        "ipv6_addresses": [], "key_name": "ops", "metadata_options": [{"http_endpoint": "enabled", "http_put_response_hop_limit": 1,
        "http_tokens": "required", "instance_metadata_tags": "disabled"}], "monitoring": true, "network_interface": [],
        "primary_network_interface_id": id("eni", number), "private_dns": format!("ip-10-0-{}-{}.ec2.internal", number % 250, number % 199),
        "private_ip": format!("10.0.{}.{}", number % 250, number % 199), "public_ip": "", "root_block_device": [{
        "delete_on_termination": true, "device_name": "/dev/xvda", "encrypted": true, "iops": 3000, "kms_key_id": "", "tags": {},
        "throughput": 125, "volume_id": id("vol", number), "volume_size": 30, "volume_type": "gp3"}], "secondary_private_ips": [],
        "security_groups": [], "source_dest_check": true, "subnet_id": id("subnet", number % 6), "tags": tags(number),
        "tags_all": tags(number), "tenancy": "default", "timeouts": null, "user_data": null,
        "vpc_security_group_ids": [id("sg", number + 1)]
    })
}

fn security_group(number: usize) -> Value {
    let rule = |port: usize, cidr: &str| {
        json!({"cidr_blocks": [cidr], "description": "", "from_port": port, "ipv6_cidr_blocks": [], "prefix_list_ids": [],
            "protocol": "tcp", "security_groups": [], "self": false, "to_port": port})
    };
    let id_text = id("sg", number);
    json!({
        "arn": format!("arn:aws:ec2:eu-central-1:123456789012:security-group/{id_text}"), "description": "Managed by Terraform",
        "egress": [rule(0, "0.0.0.0/0")], "id": id_text, "ingress": [rule(443, "10.0.0.0/8"), rule(22, "10.1.0.0/16")],
        "name": format!("sg-{number}"), "name_prefix": "", "owner_id": "123456789012", "revoke_rules_on_delete": false,
        "tags": tags(number), "tags_all": tags(number), "timeouts": null, "vpc_id": id("vpc", 0)
    })
}

fn bucket(number: usize) -> Value {
    let name = format!("corp-data-{number}");
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*",
        "Action": "s3:*", "Resource": [format!("arn:aws:s3:::{name}"), format!("arn:aws:s3:::{name}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]});
    json!({
        "acceleration_status": "", "acl": null, "arn": format!("arn:aws:s3:::{name}"), "bucket": name,
        "bucket_domain_name": format!("{name}.s3.amazonaws.com"), "cors_rule": [], "force_destroy": false, "grant": [],
        "hosted_zone_id": "Z21DNDUVLTQW6Q", "id": name, "lifecycle_rule": [], "logging": [], "object_lock_enabled": false,
        "policy": policy.to_string(), "region": "eu-central-1", "replication_configuration": [], "request_payer": "BucketOwner",
        "server_side_encryption_configuration": [{"rule": [{"apply_server_side_encryption_by_default":
        [{"kms_master_key_id": "", "sse_algorithm": "AES256"}], "bucket_key_enabled": false}]}], "tags": tags(number),
        "tags_all": tags(number), "timeouts": null, "versioning": [{"enabled": true, "mfa_delete": false}], "website": []
    })
}

fn role(number: usize) -> Value {
    let name = format!("svc-role-{number}");
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"}}]});
    json!({
        "arn": format!("arn:aws:iam::123456789012:role/{name}"), "assume_role_policy": trust.to_string(),
        "create_date": "2024-03-01T09:00:00Z", "description": "", "force_detach_policies": false, "id": name, "inline_policy": [],
        "managed_policy_arns": ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"], "max_session_duration": 3600,
        "name": name, "name_prefix": "", "path": "/", "permissions_boundary": "", "tags": tags(number), "tags_all": tags(number),
        "unique_id": format!("AROA{:017}", number)
    })
}

fn file(number: usize) -> Value {
    json!({
        "content": format!("# service {number}\nlisten 0.0.0.0:{}\nworkers 4\nlog /var/log/svc-{number}.log\n", 8000 + number % 1000),
        "content_base64": null, "content_base64sha256": null, "content_base64sha512": null, "content_md5": null,
        "content_sha1": null, "content_sha256": null, "content_sha512": null, "directory_permission": "0755",
        "file_permission": "0644", "filename": format!("/srv/svc/{number}.conf"), "id": format!("{:040x}", number),
        "sensitive_content": null, "source": null
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_state_and_it_is_valid() {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        state(40, &mut first).unwrap();
        state(40, &mut second).unwrap();
        assert_eq!(first, second);
        let value: Value = serde_json::from_slice(&first).unwrap();
        let resources = value["resources"].as_array().unwrap();
        assert_eq!(resources.len(), 40);
        assert!((750 * 40..3_500 * 40).contains(&first.len()), "{}", first.len());
    }
}
