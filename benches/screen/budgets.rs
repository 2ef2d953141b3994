//! What the screens may cost, against what they do: bytes and wake-ups at rest, bytes of a frame, writes, time. Frames are made
//! by the code that makes them in a session; what concerns the process is measured on the real binary in a pseudo-terminal.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftguard::service::DriftService;
use driftguard::tui::Options;
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::sample::{Sample, Synthetic};
use driftguard::tui::term::output::Output;
use driftguard::tui::theme::{self, Theme};
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
    let alike = Screen80::most(true);
    let apart = Screen80::most(false);
    let plain = Screen80::of(Theme::default(), true);
    let frame = |what, found: usize| Budget { what, found: found as f64, most: 4096.0, unit: "B" };
    let cursor = |what, found: usize| Budget { what, found: found as f64, most: 200.0, unit: "B" };
    vec![
        frame(
            "a full frame, 80×24, the terminal's own colours",
            plain.full.max(Screen80::of(Theme::default(), false).full),
        ),
        frame("a full frame, 80×24, the costliest theme in true colour", alike.full.max(apart.full)),
        cursor("a cursor move in the list alone, 80×24, the terminal's own colours", plain.alone),
        cursor("a cursor move in the list alone, 80×24, the costliest theme and names", alike.alone.max(apart.alone)),
        cursor("a cursor move above a diff that reads the same, 80×24, the terminal's own colours", plain.beside),
        frame("a cursor move that scrolls the list, 80×24, the costliest theme", alike.scrolled),
        frame("a cursor move and the diff of another drift, 80×24, the costliest theme", apart.beside),
        Budget { what: "frames not synchronised", found: f64::from(plain.torn), most: 0.0, unit: "" },
        Budget { what: "key to frame, 100,000 drifts listed, 160×45", found: key_to_frame(), most: 5.0, unit: "ms" },
    ]
}

/// Bytes of frames at 80×24; of moves the most.
#[derive(Clone, Copy, Default)]
struct Screen80 {
    full: usize,
    /// The list fills the screen and does not scroll.
    alone: usize,
    scrolled: usize,
    /// The diff below follows.
    beside: usize,
    /// Frames that are not synchronised.
    torn: u32,
}

impl Screen80 {
    /// In any theme.
    fn most(alike: bool) -> Self {
        let themes = theme::NAMES.iter().filter_map(|name| theme::builtin(name));
        themes.map(|theme| Self::of(theme, alike)).fold(Self::default(), |most, one| Self {
            full: most.full.max(one.full),
            alone: most.alone.max(one.alone),
            scrolled: most.scrolled.max(one.scrolled),
            beside: most.beside.max(one.beside),
            torn: most.torn + one.torn,
        })
    }

    /// Over 100,000 drifts that are alike but for a number, or over a few of all kinds, with hostile names.
    fn of(theme: Theme, alike: bool) -> Self {
        let service: Arc<dyn DriftService> =
            if alike { Arc::new(Synthetic::new(100_000)) } else { Arc::new(Sample::default()) };
        let options = Options { theme, ..Options::default() };
        let mut screens = Screens::open(service, testkit::options(options), (80, 24)).unwrap();
        let mut output = Output::default();
        let mut torn = 0;
        let mut press = |screens: &mut Screens, keys: &str| {
            screens.keys(keys);
            let frame = output.frame(&mut screens.buffer(), None).unwrap();
            let is_whole = frame.starts_with(b"\x1b[?2026h") && frame.ends_with(b"\x1b[?2026l");
            torn += u32::from(!frame.is_empty() && !is_whole);
            frame.len()
        };
        let full = press(&mut screens, "home");
        let beside = (0..5).map(|_| press(&mut screens, "j")).max().unwrap_or(0);
        press(&mut screens, "home z");
        // From 9 to 10 the number of the row grows too.
        let alone = (0..12).map(|_| press(&mut screens, "j")).max().unwrap_or(0);
        let scrolled = (0..12).map(|_| press(&mut screens, "j")).max().unwrap_or(0);
        Self { full, alone, scrolled, beside, torn }
    }
}

/// In milliseconds.
fn key_to_frame() -> f64 {
    let service = Arc::new(Synthetic::new(100_000));
    let mut screens = Screens::open(service, testkit::options(Options::default()), (160, 45)).unwrap();
    let mut output = Output::default();
    let begun = Instant::now();
    let count = 500;
    for at in 0..count {
        screens.keys(if at % 3 == 2 { "k" } else { "j" });
        std::hint::black_box(output.frame(&mut screens.buffer(), None).unwrap());
    }
    begun.elapsed().as_secs_f64() * 1000.0 / f64::from(count)
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
    let woken = woken_since(&before, &wakeups(terminal.pid()));
    let writes = terminal_writes(&mut terminal);
    terminal.signal(Signal::TERM);
    terminal.end();
    let late = f64::from(u8::from(!early.contains("connecting")));
    let mut budgets = vec![
        Budget { what: "bytes in 5 s at rest", found: bytes as f64, most: 0.0, unit: "B" },
        Budget { what: "wake-ups of all threads of the process in 5 s at rest", found: woken, most: 0.0, unit: "" },
        Budget { what: "start to first frame", found: first, most: 500.0, unit: "ms" },
        Budget { what: "first frames that waited for the store", found: late, most: 0.0, unit: "" },
    ];
    budgets.extend(writes.map(|found| Budget { what: "writes to the terminal a frame", found, most: 1.0, unit: "" }));
    budgets
}

/// How often each thread of the process has slept and been woken so far, with its name.
fn wakeups(pid: u32) -> BTreeMap<OsString, (String, u64)> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let woken = |task: &std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
        (field("Name:"), field("voluntary_ctxt_switches:").parse().unwrap_or(0))
    };
    tasks.map(|task| (task.file_name(), woken(&task))).collect()
}

/// All together; who it was goes to standard error.
fn woken_since(before: &BTreeMap<OsString, (String, u64)>, after: &BTreeMap<OsString, (String, u64)>) -> f64 {
    assert!(!after.is_empty(), "the threads of the process cannot be seen");
    let threads =
        after.iter().map(|(task, (name, woken))| (name, woken - before.get(task).map_or(0, |(_, woken)| *woken)));
    let woken: Vec<_> = threads.filter(|(_, times)| *times > 0).collect();
    woken.iter().for_each(|(name, times)| eprintln!("woken {times} times: {name}"));
    woken.iter().map(|(_, times)| *times).sum::<u64>() as f64
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
