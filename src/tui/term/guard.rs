//! Takes the terminal and gives it back: when dropped, on a panic before its message is printed, and to go to the shell.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, TryLockError};
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::{Print, ResetColor};
use crossterm::terminal::{self, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{execute, queue};

use super::title;

/// Whether the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether its title is ours, and whether it tells us of the mouse.
static TITLED: AtomicBool = AtomicBool::new(false);
static MOUSE: AtomicBool = AtomicBool::new(false);
/// Clicks and wheel in the form that has no end of columns, and no motion: nobody reads that.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";
/// Held while anything is written.
static WRITING: Mutex<()> = Mutex::new(());
/// How long giving back waits for a writer that is stuck on a dead line.
const PATIENCE: Duration = Duration::from_millis(300);

thread_local! {
    /// Whether this thread runs the loop: only its panic is the end of the screens.
    static IS_LOOP: Cell<bool> = const { Cell::new(false) };
}

/// The terminal is ours as long as this lives. One at a time.
pub struct Guard(());

impl Guard {
    /// Raw mode, the other screen, pastes as one event, no cursor; clicks where they are wanted.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        MOUSE.store(mouse, Ordering::SeqCst);
        hook_panics();
        IS_LOOP.with(|is| is.set(true));
        take()?;
        Ok(Self(()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
        IS_LOOP.with(|is| is.set(false));
    }
}

/// Takes it, or takes it anew after the shell had it.
pub fn take() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let _writing = lock(PATIENCE);
    let mouse = if MOUSE.load(Ordering::SeqCst) { MOUSE_ON } else { "" };
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide, Print(mouse)).inspect_err(|_| {
        let _ = terminal::disable_raw_mode();
    })
}

/// As it was found. May be called again, from any thread.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // A writer that hangs on a dead line keeps the lock; the modes below are set without writing.
    if let Some(_writing) = lock(PATIENCE) {
        let mut out = io::stdout();
        let mouse = if MOUSE.load(Ordering::SeqCst) { MOUSE_OFF } else { "" };
        let title = if TITLED.swap(false, Ordering::SeqCst) { title::RESTORE } else { "" };
        let _ = queue!(out, EndSynchronizedUpdate, Print(mouse), Print(title));
        let _ = queue!(out, ResetColor, DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = out.flush();
    }
    let _ = terminal::disable_raw_mode();
}

/// From now on the title is given back too; false when it is ours already.
pub fn take_title() -> bool {
    !TITLED.swap(true, Ordering::SeqCst)
}

/// Writes, if the terminal is ours; what comes too late is left out.
pub fn write(bytes: &[u8]) -> io::Result<()> {
    let _writing = WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !TAKEN.load(Ordering::SeqCst) {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

fn lock(patience: Duration) -> Option<MutexGuard<'static, ()>> {
    let end = Instant::now() + patience;
    loop {
        match WRITING.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() >= end => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// The loop's panic: the terminal first, then the words, sanitised. Any other thread's panic goes to the log, since its
/// task reports it and the screens go on. A scan goes on even while the shell has the terminal, and is no less quiet then.
fn hook_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !TAKEN.load(Ordering::SeqCst) && !crate::panics::is_caught() {
                return before(info);
            }
            let words = crate::safety::sanitise::line(&info.to_string());
            tracing::error!(panic = %words, "a thread broke down");
            if IS_LOOP.with(Cell::get) {
                give_back();
                eprintln!("driftguard broke down: {words}");
                eprintln!("Decisions it called saved are saved. Please report this with the lines above.");
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Output};

    use super::*;

    const HERE: &str = "DRIFTGUARD_TEST_PANIC";

    /// Runs `panics` of this file in a process of its own: the hook and the terminal are the whole process's.
    fn process(who: &str) -> Output {
        let exe = std::env::current_exe().unwrap();
        let test = ["--exact", "tui::term::guard::tests::panics", "--nocapture", "--test-threads=1"];
        Command::new(exe).args(test).env(HERE, who).output().unwrap()
    }

    #[test]
    fn panics() {
        let Ok(who) = std::env::var(HERE) else { return };
        hook_panics();
        TAKEN.store(true, Ordering::SeqCst);
        let panicked = std::thread::spawn(move || {
            IS_LOOP.set(who == "loop");
            panic!("it was \u{1b}[31mred");
        });
        assert!(panicked.join().is_err());
        eprintln!("taken: {}", TAKEN.load(Ordering::SeqCst));
    }

    #[test]
    fn a_worker_that_panics_leaves_the_screens_alone() {
        let output = process("worker");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "taken: true\n");
        assert!(!output.stdout.contains(&0x1b), "{output:?}");
    }

    #[test]
    fn the_loop_that_panics_gives_the_terminal_back_and_then_says_so() {
        let output = process("loop");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.starts_with("driftguard broke down: "), "{words}");
        assert!(words.contains("red") && !words.contains('\u{1b}'), "{words}");
        assert!(words.ends_with("taken: false\n"), "{words}");
        assert!(output.stdout.windows(8).any(|w| w == b"\x1b[?1049l"), "{output:?}");
    }
}
