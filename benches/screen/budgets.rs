//! What the screens may cost, against what they do: bytes and wake-ups at rest, bytes of a frame, writes, time. Frames are made
//! by the code that makes them in a session; what concerns the process is measured on the real binary in a pseudo-terminal.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftguard::tui::Options;
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::sample::Synthetic;
use driftguard::tui::term::output::Output;
use rustix::process::Signal;

use crate::terminal::Terminal;

/// One line of the table.
struct Budget {
    what: &'static str,
    found: f64,
    most: f64,
    unit: &'static str,
}

/// Prints every budget, and whether it is kept.
pub fn print() {
    let mut budgets = frames();
    budgets.extend(process());
    println!("| what | measured | budget | |\n|---|---|---|---|");
    for Budget { what, found, most, unit } in &budgets {
        let kept = if found <= most { "kept" } else { "EXCEEDED" };
        let digits = usize::from(found.fract() > 0.0) * 2;
        println!("| {what} | {found:.digits$} {unit} | {most} {unit} | {kept} |");
    }
}

fn frames() -> Vec<Budget> {
    let open = |size| {
        let service = Arc::new(Synthetic::new(100_000));
        Screens::open(service, testkit::options(Options::default()), size).unwrap()
    };
    let mut screens = open((80, 24));
    let mut output = Output::default();
    let full = output.frame(&mut screens.buffer(), None).unwrap();
    let moves: Vec<usize> = (0..8)
        .map(|_| {
            screens.keys("j");
            output.frame(&mut screens.buffer(), None).unwrap().len()
        })
        .collect();
    let synchronised = full.starts_with(b"\x1b[?2026h") && full.ends_with(b"\x1b[?2026l");
    // What moves with the cursor is the drift shown below; the cursor itself is measured where only the list is on the screen.
    screens.keys("home z");
    output.frame(&mut screens.buffer(), None).unwrap();
    let alone: Vec<usize> = (0..8)
        .map(|_| {
            screens.keys("j");
            output.frame(&mut screens.buffer(), None).unwrap().len()
        })
        .collect();
    let most = |sizes: &[usize]| sizes.iter().max().copied().unwrap_or(0) as f64;
    let mut screens = open((160, 45));
    let mut output = Output::default();
    let begun = Instant::now();
    let count = 500;
    for at in 0..count {
        screens.keys(if at % 3 == 2 { "k" } else { "j" });
        std::hint::black_box(output.frame(&mut screens.buffer(), None).unwrap());
    }
    let each = begun.elapsed().as_secs_f64() * 1000.0 / f64::from(count);
    vec![
        Budget { what: "a full frame, 80×24", found: full.len() as f64, most: 4096.0, unit: "B" },
        Budget { what: "a cursor move in the list alone, 80×24", found: most(&alone), most: 200.0, unit: "B" },
        Budget {
            what: "a cursor move with the diff of the next drift, 80×24",
            found: most(&moves),
            most: 4096.0,
            unit: "B",
        },
        Budget { what: "frames not synchronised", found: f64::from(u8::from(!synchronised)), most: 0.0, unit: "" },
        Budget { what: "key to frame, 100,000 drifts listed, 160×45", found: each, most: 5.0, unit: "ms" },
    ]
}

/// At rest, and from the start to the first frame.
fn process() -> Vec<Budget> {
    let home = tempfile::tempdir().unwrap();
    drifted(home.path());
    let begun = Instant::now();
    let args = ["triage", "--keep", "--state", "terraform.tfstate"];
    let mut terminal = Terminal::start(home.path(), &args, 80, 24);
    let early = terminal.wait("a frame", |screen| screen.contains("driftguard"));
    let first = begun.elapsed().as_secs_f64() * 1000.0;
    terminal.wait_for("local_file.motd");
    // The last notice goes, and ages turn from `now` to a minute.
    terminal.idle(Duration::from_secs(20));
    terminal.send("j");
    terminal.idle(Duration::from_secs(8));
    let before = wakeups(terminal.pid());
    let bytes = terminal.idle(Duration::from_secs(5));
    let after = wakeups(terminal.pid());
    let [engine, screens] = [0, 1].map(|at| (after[at] - before[at]) as f64);
    let writes = terminal_writes(&mut terminal);
    terminal.signal(Signal::TERM);
    terminal.end();
    let late = f64::from(u8::from(!early.contains("connecting")));
    let mut budgets = vec![
        Budget { what: "bytes in 5 s at rest", found: bytes as f64, most: 0.0, unit: "B" },
        Budget { what: "wake-ups of the screens and scanners in 5 s at rest", found: screens, most: 0.0, unit: "" },
        Budget { what: "wake-ups of the store's engine in 5 s at rest", found: engine, most: 0.0, unit: "" },
        Budget { what: "start to first frame", found: first, most: 500.0, unit: "ms" },
        Budget { what: "first frames that waited for the store", found: late, most: 0.0, unit: "" },
    ];
    budgets.extend(writes.map(|found| Budget { what: "writes to the terminal a frame", found, most: 1.0, unit: "" }));
    budgets
}

/// How often any thread has slept and been woken: those of the store's engine, and all others.
fn wakeups(pid: u32) -> [u64; 2] {
    let mut woken = [0, 0];
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
        // sled writes to the disk from threads of its own, by a clock of its own.
        let engine = field("Name:").starts_with("sled-io") || field("Name:") == "log flusher";
        woken[usize::from(!engine)] += field("voluntary_ctxt_switches:").parse::<u64>().unwrap_or(0);
    }
    woken
}

/// By `strace`, where it is there and may look: writes to the terminal over ten frames.
fn terminal_writes(terminal: &mut Terminal) -> Option<f64> {
    let file = tempfile::NamedTempFile::new().ok()?;
    let mut strace = std::process::Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=write", "-e", "write=none", "-p", &terminal.pid().to_string(), "-o"])
        .arg(file.path())
        .stderr(std::process::Stdio::null())
        .spawn()
        .ok()?;
    terminal.idle(Duration::from_millis(800));
    for _ in 0..10 {
        terminal.send("z");
        terminal.idle(Duration::from_millis(150));
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(strace.id()).ok()?)?;
    let _ = rustix::process::kill_process(pid, Signal::INT);
    strace.wait().ok()?;
    let traced = std::fs::read_to_string(file.path()).ok()?;
    let frames = traced.lines().filter(|line| line.contains("write(1,")).count();
    (frames > 0).then_some(frames as f64 / 10.0)
}

/// A host file that somebody has changed.
fn drifted(home: &Path) {
    std::fs::write(home.join("motd"), "changed by hand\n").unwrap();
    let state = serde_json::json!({"version": 4, "serial": 1, "lineage": "l", "resources": [{"mode": "managed",
        "type": "local_file", "name": "motd", "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"attributes": {"content": "welcome\n", "filename": "motd"}}]}]});
    std::fs::write(home.join("terraform.tfstate"), state.to_string()).unwrap();
}
