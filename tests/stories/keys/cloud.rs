//! An AWS account: what Terraform's state says, and what AWS Config recorded. They agree until somebody touches the live side.

use std::path::Path;

use driftguard::declared::generate::resource;
use driftguard::live::generate::item;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const SERVICES: [&str; 7] = ["checkout", "billing", "search", "ledger", "mail", "images", "stock"];

pub struct Cloud {
    /// Resources of the state, each with the item that was recorded of it.
    all: Vec<(Value, Value)>,
    /// Live, and in no code.
    strays: Vec<Value>,
}

impl Cloud {
    /// Instances, security groups, buckets and roles take turns.
    pub fn new(count: usize) -> Self {
        let made = (0..).filter_map(|number| Some((number, item(number)?))).take(count);
        let named = made.map(|(number, item)| {
            let mut resource = resource(number);
            let service = SERVICES[number % SERVICES.len()];
            resource["name"] = json!(format!("{service}_{number}"));
            resource["module"] = json!(format!("module.{service}"));
            resource["instances"][0].as_object_mut().unwrap().remove("index_key");
            (resource, item)
        });
        Self { all: named.collect(), strays: vec![] }
    }

    /// The live sides of this type (`aws_instance`), in order.
    fn live(&mut self, kind: &str) -> impl Iterator<Item = &mut Value> {
        self.all.iter_mut().filter(move |(code, _)| code["type"] == kind).map(|(_, item)| item)
    }

    fn nth(&mut self, kind: &str, n: usize) -> &mut Value {
        self.live(kind).nth(n).expect("there are that many")
    }

    /// SSH from everywhere.
    pub fn open_ssh(&mut self, n: usize) {
        let rule = json!({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "userIdGroupPairs": [], "ipv6Ranges": [],
            "prefixListIds": [], "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}], "ipRanges": ["0.0.0.0/0"]});
        let group = self.nth("aws_security_group", n);
        group["configuration"]["ipPermissions"].as_array_mut().unwrap().push(rule);
    }

    /// The rule that lets the office in is gone from some groups: tighter than the code.
    pub fn close_office(&mut self, n: usize) {
        let group = self.nth("aws_security_group", n);
        group["configuration"]["ipPermissions"].as_array_mut().unwrap().pop();
    }

    /// Anybody in the account may take on the role.
    pub fn trust_everybody(&mut self, n: usize) {
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]});
        let trust = utf8_percent_encode(&trust.to_string(), NON_ALPHANUMERIC).to_string();
        self.nth("aws_iam_role", n)["configuration"]["assumeRolePolicyDocument"] = json!(trust);
    }

    /// Old software that cannot do better: tokens are no longer required on so many instances.
    pub fn loosen_tokens(&mut self, first: usize, count: usize) {
        for item in self.live("aws_instance").skip(first).take(count) {
            item["configuration"]["metadataOptions"]["httpTokens"] = json!("optional");
        }
    }

    pub fn resize(&mut self, n: usize, to: &str) {
        self.nth("aws_instance", n)["configuration"]["instanceType"] = json!(to);
    }

    pub fn suspend_versioning(&mut self, n: usize) {
        let bucket = self.nth("aws_s3_bucket", n);
        bucket["supplementaryConfiguration"]["BucketVersioningConfiguration"]["status"] = json!("Suspended");
    }

    /// A tag of an instance reads otherwise now.
    pub fn tag(&mut self, n: usize, key: &str, value: &str) {
        let item = self.nth("aws_instance", n);
        item["tags"][key] = json!(value);
        let tags = item["configuration"]["tags"].as_array_mut().unwrap();
        tags.retain(|tag| tag["key"] != key);
        tags.push(json!({"key": key, "value": value}));
    }

    /// Somebody started a machine by hand.
    pub fn stray(&mut self, number: usize) {
        let number = (1_000 + number) * 5;
        self.strays.push(item(number).unwrap());
    }

    /// As the code says again.
    pub fn heal(&mut self) {
        self.strays.clear();
        let count = self.all.len();
        *self = Self::new(count);
    }

    pub fn write(&self, home: &Path) {
        let resources: Vec<&Value> = self.all.iter().map(|(code, _)| code).collect();
        let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 42, "lineage": "night", "outputs": {},
            "resources": resources});
        let items: Vec<&Value> = self.all.iter().map(|(_, item)| item).chain(&self.strays).collect();
        let snapshot = json!({"fileVersion": "1.0", "configSnapshotId": "night", "configurationItems": items});
        std::fs::write(home.join("terraform.tfstate"), state.to_string()).unwrap();
        std::fs::write(home.join("snapshot.json"), snapshot.to_string()).unwrap();
    }
}
