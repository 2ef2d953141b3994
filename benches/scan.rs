//! How fast a scan is. `cargo bench --bench scan` prints:
//!
//! - `compare/20000 resources`: parsing and comparing, readers and store left out;
//! - the whole `driftguard scan` of a generated Terraform state and AWS Config snapshot from disk, in MB of both per second,
//!   with the peak of memory; and of the state alone, beside a recording in which nearly everything is gone (a finding for each
//!   resource), and beside a small one. `DRIFTGUARD_BENCH_RESOURCES` sets the size,
//!   60,000 when unset; 400000 gives a state of about 900 MB;
//! - the same for a state of families alone (buckets with versioning, encryption and public access as resources of their own), of
//!   which 400,000 are the default of `DRIFTGUARD_BENCH_FAMILIES`;
//! - the same for 100,000 small resources (a state of 75 MB) with the recording they match;
//! - the same for one security group with 10,000 rules as resources of their own, beside one with 1,000;
//! - the ratio to `terraform show -json` on one state, where Terraform is installed.
//!
//! `DRIFTGUARD_BENCH_ONLY=families` (or `ordinary`, `small`, `rules`) runs one of the whole scans alone, and
//! `DRIFTGUARD_BENCH_PROGRAM` names another build to measure, to compare two.
#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use driftguard::compare::{Subject, compare};
use driftguard::declared::{self, Declared, RawDeclared};
use driftguard::live::{self, LiveResource, Lookup};
use serde_json::{Value, json};

/// A state and a recording that agree.
struct Pair {
    dir: tempfile::TempDir,
    bytes: u64,
}

impl Pair {
    fn state(&self) -> String {
        self.dir.path().join("terraform.tfstate").display().to_string()
    }

    fn recording(&self) -> String {
        self.dir.path().join("snapshot.json").display().to_string()
    }

    /// From what is given: resources of the state, and items of the recording.
    fn write(resources: impl Iterator<Item = Value>, items: impl Iterator<Item = Value>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut pair = Self { dir, bytes: 0 };
        write_resources(Path::new(&pair.state()), resources);
        let mut out = BufWriter::new(File::create(pair.recording()).unwrap());
        out.write_all(br#"{"fileVersion":"1.0","configSnapshotId":"0","configurationItems":["#).unwrap();
        for (n, item) in items.enumerate() {
            out.write_all(if n == 0 { b"" } else { b"," }).unwrap();
            serde_json::to_writer(&mut out, &item).unwrap();
        }
        out.write_all(b"]}").unwrap();
        out.into_inner().unwrap();
        pair.bytes = [pair.state(), pair.recording()].iter().map(|p| fs::metadata(p).unwrap().len()).sum();
        pair
    }

    /// Resource number n of both sides is made from the same facts. Files of this machine are left out: they do not exist.
    fn generate(resources: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut pair = Self { dir, bytes: 0 };
        let mut out = BufWriter::new(File::create(pair.recording()).unwrap());
        live::generate::snapshot(resources, &mut out).unwrap();
        out.into_inner().unwrap();
        write_state(Path::new(&pair.state()), resources);
        pair.bytes = [pair.state(), pair.recording()].iter().map(|p| fs::metadata(p).unwrap().len()).sum();
        pair
    }
}

fn write_state(path: &Path, resources: usize) {
    write_resources(path, (0..resources).map(declared::generate::resource).filter(|r| r["type"] != "local_file"));
}

fn write_resources(path: &Path, resources: impl Iterator<Item = Value>) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let head =
        r#"{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": ["#;
    out.write_all(head.as_bytes()).unwrap();
    for (n, resource) in resources.enumerate() {
        out.write_all(if n == 0 { b"\n" } else { b",\n" }).unwrap();
        serde_json::to_writer_pretty(&mut out, &resource).unwrap();
    }
    out.write_all(b"\n]}\n").unwrap();
}

/// Unparsed chunks of a state with their live sides, looked up once.
fn subjects(pair: &Pair) -> Vec<(RawDeclared, LiveResource)> {
    let (sources, _) = live::open(&[pair.recording()]);
    let mut chunks = Vec::new();
    for source in declared::open(&[pair.state()]).0 {
        source
            .read(&mut |raw| {
                chunks.push(raw);
                ControlFlow::Continue(())
            })
            .unwrap();
    }
    let mut found = Vec::new();
    for raw in chunks {
        let Some(Declared::Resource(resource)) = raw.parse().unwrap().pop() else { continue };
        if let Lookup::Found(live) = sources[0].lookup(&resource, &[]) {
            found.push((raw, *live));
        }
    }
    found
}

fn parse_and_compare(criterion: &mut Criterion) {
    let pair = Pair::generate(25_000);
    let subjects = subjects(&pair);
    assert_eq!(subjects.len(), 20_000);
    let mut group = criterion.benchmark_group("compare");
    group.sample_size(10).throughput(Throughput::Bytes(subjects.iter().map(|(raw, _)| raw.bytes.len() as u64).sum()));
    group.bench_function("20000 resources", |bencher| {
        bencher.iter(|| {
            for (raw, live) in &subjects {
                let Some(Declared::Resource(resource)) = raw.parse().unwrap().pop() else { continue };
                black_box(compare(&Subject {
                    dialect: live.dialect,
                    resource_type: &resource.resource_type,
                    declared: &resource.values,
                    live: &live.values,
                    memory: None,
                    observable: &live.observable,
                }));
            }
        });
    });
    group.finish();
}

/// One run of the program.
struct Run {
    seconds: f64,
    /// In MB, by the kernel's own count (`VmHWM`).
    peak: u64,
    /// The line that sums up.
    said: String,
}

impl Run {
    /// `driftguard scan` in a process of its own, so that nothing but the scan is measured.
    fn of(state: &str, live: &[String]) -> Self {
        let mut output = tempfile::tempfile().unwrap();
        let program = std::env::var("DRIFTGUARD_BENCH_PROGRAM");
        let start = Instant::now();
        let mut child = Command::new(program.as_deref().unwrap_or(env!("CARGO_BIN_EXE_driftguard")))
            .args(["scan", "--state", state])
            .args(live.iter().flat_map(|path| ["--live", path.as_str()]))
            .stdout(output.try_clone().unwrap())
            .spawn()
            .unwrap();
        let mut peak = 0;
        let status = loop {
            peak = peak.max(peak_memory(child.id()));
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None => thread::sleep(Duration::from_millis(2)),
            }
        };
        let seconds = start.elapsed().as_secs_f64();
        assert!(status.code().is_some(), "the scan was killed: {status}");
        let mut said = String::new();
        output.seek(SeekFrom::Start(0)).unwrap();
        output.read_to_string(&mut said).unwrap();
        let said = said.lines().find(|l| l.contains("resources")).unwrap_or("no summary").trim().to_owned();
        Self { seconds, peak, said }
    }

    fn tell(&self, what: &str, bytes: u64) {
        let megabytes = bytes as f64 / 1e6;
        let (Self { seconds, peak, said }, speed) = (self, megabytes / self.seconds);
        println!("{what}: {megabytes:.0} MB in {seconds:.2} s: {speed:.0} MB/s, peak {peak} MB; {said}");
    }
}

/// 0 when the process is gone.
fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Speed and memory on state and recording, and on the state beside little or no recording.
fn whole_scan() {
    let resources = number("DRIFTGUARD_BENCH_RESOURCES", 60_000);
    let pair = Pair::generate(resources * 5 / 4);
    let size = |path: &str| fs::metadata(path).unwrap().len();
    Run::of(&pair.state(), &[pair.recording()]).tell("scan, state and recording", pair.bytes);
    Run::of(&pair.state(), &[]).tell("scan, state alone", size(&pair.state()));
    let small = Pair::generate(1_000);
    let bytes = size(&pair.state()) + size(&small.recording());
    // A snapshot of an account in which nearly nothing of the state is left.
    Run::of(&pair.state(), &[small.recording()]).tell("scan, nearly everything gone", bytes);
    // A history instead of a snapshot: what it does not list is unknown, not deleted.
    let history = fs::read_to_string(small.recording()).unwrap().replacen("configSnapshotId", "unread", 1);
    fs::write(small.recording(), history).unwrap();
    Run::of(&pair.state(), &[small.recording()]).tell("scan, state and a small recording", bytes);
}

fn number(variable: &str, unset: usize) -> usize {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(unset)
}

/// A bucket and three resources that each say one thing about it, with the item that says all of it.
fn bucket_family(n: usize) -> ([Value; 4], Value) {
    // Every fifth generated resource is a bucket.
    let (mut bucket, mut item) = (declared::generate::resource(5 * n + 2), live::generate::item(5 * n + 2).unwrap());
    bucket["instances"][0].as_object_mut().unwrap().remove("index_key");
    let name = bucket["instances"][0]["attributes"]["bucket"].clone();
    let part = |kind: &str, attributes: Value| {
        let mut part = bucket.clone();
        part["type"] = format!("aws_s3_bucket_{kind}").into();
        part["instances"][0]["attributes"] = attributes;
        part
    };
    let block = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
    let mut closed: Value = block.iter().map(|key| ((*key).to_owned(), Value::Bool(true))).collect();
    (closed["id"], closed["bucket"]) = (name.clone(), name.clone());
    item["supplementaryConfiguration"]["PublicAccessBlockConfiguration"] = json!({"blockPublicAcls": true, "blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true});
    let versioning = json!({"bucket": name, "expected_bucket_owner": "", "id": name, "mfa": null,
        "versioning_configuration": [{"mfa_delete": "", "status": "Enabled"}]});
    let encryption = json!({"bucket": name, "expected_bucket_owner": "", "id": name, "rule": [{"bucket_key_enabled": false,
        "apply_server_side_encryption_by_default": [{"kms_master_key_id": "", "sse_algorithm": "AES256"}]}]});
    let parts = [
        part("versioning", versioning),
        part("server_side_encryption_configuration", encryption),
        part("public_access_block", closed),
    ];
    let [versioning, encryption, access] = parts;
    ([bucket, versioning, encryption, access], item)
}

/// A state of nothing but families: what memory takes beside the recording must not grow with it.
fn families_alone() {
    let buckets = number("DRIFTGUARD_BENCH_FAMILIES", 400_000) / 4;
    // As Terraform sorts: by type, so that a family is spread over the whole state.
    let of_kind = |kind: usize| (0..buckets).map(move |n| bucket_family(n).0[kind].clone());
    let pair = Pair::write((0..4).flat_map(of_kind), (0..buckets).map(|n| bucket_family(n).1));
    let run = Run::of(&pair.state(), &[pair.recording()]);
    run.tell("scan, families alone", pair.bytes);
    let live = fs::metadata(pair.recording()).unwrap().len() / 1_000_000;
    println!("  memory: {} MB; promised: below {} MB (the recording and 256 MB)", run.peak, live + 256);
}

/// A subnet, about 750 bytes of state, with its item.
fn subnet(n: usize) -> (Value, Value) {
    let (id, zone, vpc) = (format!("subnet-{n:017x}"), "eu-central-1a", "vpc-0a1b2c3d4e5f60718");
    let arn = format!("arn:aws:ec2:eu-central-1:123456789012:subnet/{id}");
    let block = format!("10.{}.{}.0/28", n / 256 % 256, n % 256);
    let (name, owner) = (format!("net-{n}"), "123456789012");
    let attributes = json!({"arn": arn, "assign_ipv6_address_on_creation": false, "availability_zone": zone, "cidr_block": block,
        "id": id, "map_public_ip_on_launch": false, "owner_id": owner, "tags": {"Name": name}, "tags_all": {"Name": name},
        "vpc_id": vpc});
    let resource = json!({"mode": "managed", "type": "aws_subnet", "name": format!("n{n}"),
        "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
        "instances": [{"schema_version": 1, "attributes": attributes}]});
    let item = json!({"configuration": {"subnetId": id, "vpcId": vpc, "cidrBlock": block, "availabilityZone": zone,
            "mapPublicIpOnLaunch": false, "assignIpv6AddressOnCreation": false, "ownerId": owner, "subnetArn": arn,
            "state": "available", "tags": [{"key": "Name", "value": name}]},
        "supplementaryConfiguration": {}, "tags": {"Name": name}, "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-11-20T12:00:00.000Z", "configurationStateId": 1_795_176_000_000_u64,
        "awsAccountId": owner, "configurationItemStatus": "OK", "resourceType": "AWS::EC2::Subnet", "resourceId": id, "ARN": arn,
        "awsRegion": "eu-central-1"});
    (resource, item)
}

/// Many small resources: what each costs beside its bytes.
fn small_resources() {
    let pair = Pair::write((0..100_000).map(|n| subnet(n).0), (0..100_000).map(|n| subnet(n).1));
    let run = Run::of(&pair.state(), &[pair.recording()]);
    run.tell("scan, 100,000 small resources and their recording", pair.bytes);
    let state = fs::metadata(pair.state()).unwrap().len() as f64 / 1e6;
    let most = 3.0 * pair.bytes as f64 / 1e6;
    println!("  {state:.0} MB of it state; promised: 2.5 s, and memory below {most:.0} MB (three times the input)");
}

/// One security group of which each rule is a resource of its own: ten times the rules should take about ten times as long.
fn rules_of_one_group(rules: usize) {
    let (id, owner) = ("sg-0123456789abcdef0", "123456789012");
    let arn = format!("arn:aws:ec2:eu-central-1:{owner}:security-group/{id}");
    let block = |n: usize| format!("10.{}.{}.{}/32", n >> 16 & 255, n >> 8 & 255, n & 255);
    let resource = |kind: &str, instances: Value| {
        json!({"mode": "managed", "type": kind, "name": "web", "instances": instances,
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]"})
    };
    let rule = |n: usize| {
        json!({"index_key": n, "schema_version": 2, "attributes": {"id": format!("sgrule-{n}"), "type": "ingress",
            "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [block(n)], "self": false,
            "security_group_id": id}})
    };
    let group = json!([{"schema_version": 1, "attributes": {"id": id, "arn": arn, "name": "web", "description": "d",
        "vpc_id": "vpc-1", "owner_id": owner, "ingress": [], "egress": []}}]);
    let ranges: Value = (0..rules).map(|n| json!({"cidrIp": block(n)})).collect();
    let item = json!({"configuration": {"description": "d", "groupName": "web", "ownerId": owner, "groupId": id, "vpcId": "vpc-1",
            "ipPermissions": [{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "ipv4Ranges": ranges}],
            "ipPermissionsEgress": [], "tags": []},
        "supplementaryConfiguration": {}, "tags": {}, "configurationItemCaptureTime": "2026-11-20T12:00:00.000Z",
        "awsAccountId": owner, "configurationItemStatus": "OK", "resourceType": "AWS::EC2::SecurityGroup", "resourceId": id,
        "resourceName": "web", "ARN": arn, "awsRegion": "eu-central-1"});
    let rules_of_it = resource("aws_security_group_rule", (0..rules).map(rule).collect());
    let state = [resource("aws_security_group", group), rules_of_it];
    let pair = Pair::write(state.into_iter(), std::iter::once(item));
    let what = format!("scan, {rules} rules of one security group");
    Run::of(&pair.state(), &[pair.recording()]).tell(&what, pair.bytes);
}

/// A state that Terraform reads without any plugin.
fn builtin_state(path: &Path, resources: usize) {
    let resource = |n: usize| {
        let text = format!("some value that is about as long as values are, number {n}");
        let value = json!({"value": {"name": format!("r{n}"), "text": text, "list": [1, 2, 3]},
            "type": ["object", {"name": "string", "text": "string", "list": ["tuple", ["number", "number", "number"]]}]});
        let id = format!("00000000-0000-4000-8000-{n:012}");
        json!({"mode": "managed", "type": "terraform_data", "name": format!("r{n}"), "provider": "provider[\"terraform.io/builtin/terraform\"]",
            "instances": [{"schema_version": 0, "attributes": {"id": id, "input": value, "output": value, "triggers_replace": null}, "sensitive_attributes": []}]})
    };
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {},
        "resources": (0..resources).map(resource).collect::<Vec<Value>>()});
    fs::write(path, serde_json::to_vec_pretty(&state).unwrap()).unwrap();
}

fn ratio_to_terraform() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("terraform.tfstate");
    builtin_state(&state, 20_000);
    let start = Instant::now();
    let terraform = Command::new("terraform")
        .args(["show", "-json"])
        .arg(&state)
        .current_dir(dir.path())
        .env("CHECKPOINT_DISABLE", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let theirs = start.elapsed().as_secs_f64();
    if !terraform.is_ok_and(|status| status.success()) {
        println!("terraform: not installed, or it cannot show the state; no ratio");
        return;
    }
    let run = Run::of(&state.display().to_string(), &[]);
    assert!(run.said.contains("20000 resources"), "{}", run.said);
    let ours = run.seconds;
    let size = fs::metadata(&state).unwrap().len() as f64 / 1e6;
    println!(
        "terraform show -json: {theirs:.2} s for {size:.0} MB of state, driftguard reads it in {ours:.2} s: {:.1} times as fast",
        theirs / ours
    );
}

fn main() {
    let only = std::env::var("DRIFTGUARD_BENCH_ONLY").ok();
    let wanted = |what: &str| only.as_deref().is_none_or(|only| only == what);
    if only.is_none() {
        let mut criterion = Criterion::default().configure_from_args();
        parse_and_compare(&mut criterion);
        criterion.final_summary();
    }
    // `cargo test` runs benches too, to see that they work; measuring is for `cargo bench`.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    if wanted("ordinary") {
        whole_scan();
    }
    if wanted("families") {
        families_alone();
    }
    if wanted("small") {
        small_resources();
    }
    if wanted("rules") {
        rules_of_one_group(1_000);
        rules_of_one_group(10_000);
    }
    if wanted("terraform") {
        ratio_to_terraform();
    }
}
