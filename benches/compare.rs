//! How fast the comparer is: many ordinary resources, and single ones by size.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use driftguard::compare::{Dialect, Observable, Settings, Subject, Verdict, compare, compare_with};
use serde_json::{Value, json};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RESOURCES: u64 = 20_000;

/// Resource type, declared and live values of one resource; every tenth has drifted.
fn resource(i: u64) -> (&'static str, Value, Value) {
    let drifted = i.is_multiple_of(10);
    match i % 3 {
        0 => instance(i, drifted),
        1 => security_group(i, drifted),
        _ => role(i, drifted),
    }
}

fn instance(i: u64, drifted: bool) -> (&'static str, Value, Value) {
    let body = |kind: &str, groups: [&str; 2]| {
        json!({
            "ami": "ami-0a1b2c3d4e5f60718", "arn": format!("arn:aws:ec2:eu-west-1:123456789012:instance/i-{i:017x}"),
            "id": format!("i-{i:017x}"), "instance_type": kind, "key_name": "ops", "monitoring": false, "ebs_optimized": true,
            "vpc_security_group_ids": groups, "subnet_id": "subnet-0123456789abcdef0", "source_dest_check": true,
            "root_block_device": [{"device_name": "/dev/xvda", "volume_size": 20, "volume_type": "gp3", "encrypted": true, "tags": {}}],
            "tags": {"Name": format!("web-{i}"), "Team": "core"}, "tags_all": {"Name": format!("web-{i}"), "Team": "core"},
            "metadata_options": [{"http_tokens": "required", "http_endpoint": "enabled", "http_put_response_hop_limit": 1}],
            "timeouts": null, "user_data": null, "credit_specification": [], "ephemeral_block_device": []
        })
    };
    let live_kind = if drifted { "t3.large" } else { "t3.small" };
    ("aws_instance", body("t3.small", ["sg-11111111", "sg-22222222"]), body(live_kind, ["sg-22222222", "sg-11111111"]))
}

fn security_group(i: u64, drifted: bool) -> (&'static str, Value, Value) {
    let rule = |port: u32, cidrs: Value| {
        json!({"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": cidrs, "ipv6_cidr_blocks": [],
               "prefix_list_ids": [], "security_groups": [], "self": false, "description": ""})
    };
    let body = |ingress: Value| json!({"id": format!("sg-{i:017x}"), "name": format!("sg-{i}"), "ingress": ingress, "tags": {}});
    let declared = body(json!([rule(443, json!(["10.0.0.0/8", "192.168.0.0/16"])), rule(22, json!(["10.1.0.0/16"]))]));
    let office = if drifted { "0.0.0.0/0" } else { "10.1.0.0/16" };
    let live = body(json!([rule(22, json!([office])), rule(443, json!(["192.168.0.0/16", "10.0.0.0/8"]))]));
    ("aws_security_group", declared, live)
}

fn role(i: u64, drifted: bool) -> (&'static str, Value, Value) {
    let policy = |service: &str, list: bool| {
        let action = if list { json!(["sts:AssumeRole"]) } else { json!("sts:AssumeRole") };
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Principal": {"Service": service}}]})
    };
    let body = |policy: String| json!({"name": format!("role-{i}"), "path": "/", "assume_role_policy": policy, "max_session_duration": 3600});
    let service = if drifted { "lambda.amazonaws.com" } else { "ec2.amazonaws.com" };
    let live = serde_json::to_string_pretty(&policy(service, true)).unwrap_or_default();
    ("aws_iam_role", body(policy("ec2.amazonaws.com", false).to_string()), body(live))
}

fn run(resource_type: &str, declared: &Value, live: &Value) -> Verdict {
    compare(&Subject {
        dialect: Dialect::Terraform,
        resource_type,
        declared,
        live,
        memory: None,
        observable: &Observable::All,
    })
}

fn many(c: &mut Criterion) {
    let resources: Vec<_> = (0..RESOURCES).map(resource).collect();
    let mut group = c.benchmark_group("compare");
    group.sample_size(20).throughput(Throughput::Elements(RESOURCES));
    group.bench_function("20000 resources", |b| {
        b.iter(|| resources.iter().map(|(kind, d, l)| run(kind, d, l).changes.len()).sum::<usize>());
    });
    group.bench_function("20000 resources in sync", |b| {
        b.iter(|| resources.iter().map(|(kind, d, _)| run(kind, d, d).changes.len()).sum::<usize>());
    });
    group.finish();
}

fn by_size(c: &mut Criterion) {
    let mut group = c.benchmark_group("one set by size");
    for size in [100u32, 1_000, 10_000] {
        let list = |turned: bool| {
            let mut list: Vec<String> = (0..size).map(|i| format!("10.{}.{}.0/24", i / 256, i % 256)).collect();
            if turned {
                list.reverse();
            }
            json!({"cidr_blocks": list})
        };
        group.throughput(Throughput::Elements(u64::from(size)));
        group.bench_with_input(BenchmarkId::from_parameter(size), &size, |b, _| {
            b.iter_batched_ref(|| (list(false), list(true)), |(d, l)| run("x", d, l), BatchSize::LargeInput);
        });
    }
    group.finish();
}

/// Real resources with their schemas, when the recorded corpus stands beside the project.
fn corpus(c: &mut Criterion) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/aws-live.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("SKIPPED: no recorded corpus at {path}");
        return;
    };
    let cases: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let schemas: Vec<_> = cases.iter().map(|case| driftguard::compare::Schema::from_json(&case["schema"])).collect();
    let mut group = c.benchmark_group("corpus");
    group.sample_size(20).throughput(Throughput::Elements(cases.len() as u64));
    group.bench_function("recorded resources", |b| {
        b.iter(|| {
            let verdict = |(case, schema): (&Value, _)| {
                let subject = Subject {
                    dialect: Dialect::Cloudformation,
                    resource_type: case["resource_type"].as_str().unwrap_or_default(),
                    declared: &case["declared"],
                    live: &case["live"],
                    memory: None,
                    observable: &Observable::All,
                };
                compare_with(&subject, &Settings { schema: Some(schema), ..Settings::default() }).changes.len()
            };
            cases.iter().zip(&schemas).map(verdict).sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, many, by_size, corpus);
criterion_main!(benches);
