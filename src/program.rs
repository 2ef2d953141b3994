//! Other programs that are asked something: bounded in time, and in what they may say.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Why a program gave no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Silence {
    /// It cannot be started: most likely it is not installed here.
    NotThere,
    /// It took too long, or had too much to say.
    TooLong,
    /// It ended with a mistake.
    Failed,
}

/// What it writes until it ends well: at most so many bytes, within so much time. It is asked nothing back, and its complaints go
/// nowhere. One that takes too long is ended, with what it has started.
///
/// # Errors
/// Why there is no answer.
pub fn ask(command: &mut Command, patience: Duration, most: u64) -> Result<Vec<u8>, Silence> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // A group of its own, so that what it starts can be ended with it.
    let mut child = command.process_group(0).spawn().map_err(|_| Silence::NotThere)?;
    let until = Instant::now() + patience;
    let said = child.stdout.take().and_then(|out| read_within(out, patience, most));
    let Some((text, true)) = said else {
        // It may have ended itself, and what it started still talks: so the group is ended before the child is waited for.
        end(child);
        return Err(Silence::TooLong);
    };
    match ended(&mut child, until) {
        Some(true) => Ok(text),
        Some(false) => Err(Silence::Failed),
        None => {
            end(child);
            Err(Silence::TooLong)
        }
    }
}

/// What comes until the end, or as much as is read at all; `None`: it did not end in time.
fn read_within(out: impl Read + Send + 'static, patience: Duration, most: u64) -> Option<(Vec<u8>, bool)> {
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut text = vec![];
        let read = out.take(most + 1).read_to_end(&mut text);
        let is_whole = read.is_ok() && text.len() as u64 <= most;
        // Nobody waits any more: it took too long.
        let _ = sender.send((text, is_whole));
    };
    std::thread::Builder::new().name("program".into()).spawn(read).ok()?;
    receiver.recv_timeout(patience).ok()
}

/// Whether it ended well; it has said everything, so it ends soon, unless something is very wrong. `None`: it has not ended.
fn ended(child: &mut Child, until: Instant) -> Option<bool> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
            _ => return None,
        }
    }
}

fn end(mut child: Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    // It may have ended just now.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(script: &str, patience: Duration) -> Result<Vec<u8>, Silence> {
        ask(Command::new("sh").args(["-c", script]), patience, 100)
    }

    #[test]
    fn an_answer_is_whole_or_there_is_none() {
        let long = Duration::from_secs(20);
        assert_eq!(asked("echo yes; echo no >&2", long), Ok(b"yes\n".to_vec()));
        assert_eq!(asked("echo yes; exit 3", long), Err(Silence::Failed));
        assert_eq!(asked("head -c 1000 /dev/zero", long), Err(Silence::TooLong));
        assert_eq!(ask(&mut Command::new("no such program"), long, 100), Err(Silence::NotThere));
    }

    #[test]
    fn what_takes_too_long_is_ended_with_what_it_started() {
        let home = tempfile::tempdir().unwrap();
        let pid = home.path().join("pid");
        // Also where the program itself has ended.
        for wait in ["wait", "exit 0"] {
            let script = format!("sleep 600 & echo $! > {}; {wait}", pid.display());
            assert_eq!(asked(&script, Duration::from_secs(2)), Err(Silence::TooLong));
            gone(&pid);
        }
    }

    fn gone(pid: &std::path::Path) {
        let pid: i32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
        let is_there = || {
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // Gone, or not yet taken away by whoever inherits it.
            !state.is_empty() && !state.contains(") Z ")
        };
        let until = Instant::now() + Duration::from_secs(20);
        while is_there() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!is_there());
    }
}
