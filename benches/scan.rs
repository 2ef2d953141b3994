//! How fast a scan is. `cargo bench --bench scan` prints:
//!
//! - `compare/20000 resources`: parsing and comparing, readers and store left out;
//! - the whole `scan` of a generated Terraform state and AWS Config snapshot from disk, in MB of both per second, with the
//!   peak of memory (`SCAN_RESOURCES` sets the size, 60,000 when unset);
//! - the ratio to `terraform show -json` on one state, where Terraform is installed.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use driftguard::compare::{Subject, compare};
use driftguard::declared::{self, Declared, RawDeclared};
use driftguard::demo;
use driftguard::live::{self, LiveResource, Lookup};
use driftguard::scan::{CollectSink, EnvironmentSpec, ScanContext, ScanReport, run};
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

    fn spec(&self) -> EnvironmentSpec {
        spec(self.state(), vec![self.recording()])
    }
}

fn spec(state: String, live: Vec<String>) -> EnvironmentSpec {
    let world = demo::create(&tempfile::tempdir().unwrap().path().join("world")).unwrap();
    EnvironmentSpec { state: vec![state], live, ..demo::specs(&world).remove(1) }
}

fn write_state(path: &Path, resources: usize) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let head =
        r#"{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": ["#;
    out.write_all(head.as_bytes()).unwrap();
    let recorded = (0..resources).map(declared::generate::resource).filter(|r| r["type"] != "local_file");
    for (n, resource) in recorded.enumerate() {
        out.write_all(if n == 0 { b"\n" } else { b",\n" }).unwrap();
        serde_json::to_writer_pretty(&mut out, &resource).unwrap();
    }
    out.write_all(b"\n]}\n").unwrap();
}

fn scan(spec: &EnvironmentSpec) -> ScanReport {
    let cancel = AtomicBool::new(false);
    run(spec, &ScanContext::ad_hoc([1; 32], &cancel), &mut CollectSink::default()).unwrap()
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

/// `VmHWM` of this process in MB; the kernel's own count, so it holds whatever ran before in it.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let fields: HashMap<&str, &str> = status.lines().filter_map(|l| l.split_once(':')).collect();
    let kilobytes = fields.get("VmHWM").and_then(|v| v.trim().split(' ').next()).and_then(|v| v.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

fn megabytes_per_second() {
    let resources = std::env::var("SCAN_RESOURCES").ok().and_then(|n| n.parse().ok()).unwrap_or(60_000);
    let pair = Pair::generate(resources);
    // Start counting anew: generating needed memory of its own.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let (before, start) = (peak_memory(), Instant::now());
    let report = scan(&pair.spec());
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = pair.bytes as f64 / 1e6;
    let counts = report.summary.counts;
    println!(
        "scan: {resources} resources, {megabytes:.0} MB of state and recording in {seconds:.2} s: {:.0} MB/s, peak {} MB ({before} MB before); {} in sync, {} drifted, {} unverified; {:?}",
        megabytes / seconds,
        peak_memory(),
        counts.in_sync,
        counts.drifted,
        counts.unverified,
        report.summary.timings,
    );
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
    let start = Instant::now();
    let report = scan(&spec(state.display().to_string(), vec![]));
    let ours = start.elapsed().as_secs_f64();
    assert_eq!(report.summary.counts.resources, 20_000);
    let size = fs::metadata(&state).unwrap().len() as f64 / 1e6;
    println!(
        "terraform show -json: {theirs:.2} s for {size:.0} MB of state, driftguard reads it in {ours:.2} s: {:.1} times as fast",
        theirs / ours
    );
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    parse_and_compare(&mut criterion);
    criterion.final_summary();
    // `cargo test` runs benches too, to see that they work; measuring is for `cargo bench`.
    if std::env::args().any(|a| a == "--bench") {
        megabytes_per_second();
        ratio_to_terraform();
    }
}
