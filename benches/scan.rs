//! How fast a scan is. `cargo bench --bench scan` prints:
//!
//! - `compare/20000 resources`: parsing and comparing, readers and store left out;
//! - the whole `driftguard scan` of a generated Terraform state and AWS Config snapshot from disk, in MB of both per second,
//!   with the peak of memory; and of the state alone, beside a recording in which nearly everything is gone (a finding for each
//!   resource), and beside a small one. `DRIFTGUARD_BENCH_RESOURCES` sets the size,
//!   60,000 when unset; 400000 gives a state of about 900 MB;
//! - the ratio to `terraform show -json` on one state, where Terraform is installed.
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
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_driftguard"))
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
    let resources = std::env::var("DRIFTGUARD_BENCH_RESOURCES").ok().and_then(|n| n.parse().ok()).unwrap_or(60_000);
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
    let mut criterion = Criterion::default().configure_from_args();
    parse_and_compare(&mut criterion);
    criterion.final_summary();
    // `cargo test` runs benches too, to see that they work; measuring is for `cargo bench`.
    if std::env::args().any(|a| a == "--bench") {
        whole_scan();
        ratio_to_terraform();
    }
}
