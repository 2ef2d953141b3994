//! Keys, on a thread of their own; and a watchdog for the terminal's end, which the key reader does not notice: when the line
//! dies without a signal it reads nothing, for ever, as fast as it can.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossterm::event::{Event, poll as has_event, read as next_event};
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::mpsc::UnboundedSender;

use super::background::{self, Sieve, Taken};
use super::guard;
use crate::tui::app::Msg;

/// How long the loop has to save and end before the process is ended.
const GRACE: Duration = Duration::from_secs(1);
/// How long the rest of an answer about the background is waited for, once it is sure to be one and before that.
const SURE: Duration = Duration::from_secs(1);
const UNSURE: Duration = Duration::from_millis(100);
/// As for SIGHUP.
const GONE: i32 = 129;

/// Sends keys, pastes and sizes until the terminal's input ends.
pub fn read(inbox: UnboundedSender<Msg>) -> io::Result<()> {
    std::thread::Builder::new().name("terminal input".into()).spawn(move || {
        let mut sieve = Sieve::default();
        loop {
            // What could be the beginning of an answer is a key after all when nothing follows.
            let patience = if sieve.is_sure() { SURE } else { UNSURE };
            if sieve.is_holding() && !has_event(patience).unwrap_or(true) {
                sieve.flush().into_iter().for_each(|key| _ = inbox.send(Msg::Key(key)));
                continue;
            }
            let event = next_event();
            // Only now: the question may have gone out while this thread waited, and its answer is what has come.
            sieve.expects |= background::ASKED.swap(false, Ordering::SeqCst);
            let msg = match event {
                Ok(Event::Key(key)) => match sieve.take(key) {
                    Taken::Waits => continue,
                    Taken::Colour(colour) => Msg::Background(colour),
                    Taken::Keys(mut keys) => {
                        let Some(last) = keys.pop() else { continue };
                        keys.into_iter().for_each(|key| _ = inbox.send(Msg::Key(key)));
                        Msg::Key(last)
                    }
                },
                Ok(Event::Mouse(event)) => Msg::Mouse(event),
                Ok(Event::Paste(text)) => Msg::Paste(text),
                Ok(Event::Resize(columns, rows)) => Msg::Resize(columns, rows),
                Ok(_) => continue,
                Err(_) => Msg::InputEnded,
            };
            let ended = matches!(msg, Msg::InputEnded);
            if inbox.send(msg).is_err() || ended {
                return;
            }
        }
    })?;
    Ok(())
}

/// Sleeps in the kernel until the terminal hangs up. Whatever then still runs after [`GRACE`] is ended with the process.
pub fn watch(inbox: UnboundedSender<Msg>) -> io::Result<()> {
    std::thread::Builder::new().name("terminal watchdog".into()).spawn(move || {
        let stdin = io::stdin();
        loop {
            // Hang-up and error are reported without being asked for.
            let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
                Ok(_) if fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => break,
                Ok(_) => {}
            }
        }
        let _ = inbox.send(Msg::TerminalGone);
        std::thread::sleep(GRACE);
        guard::give_back();
        std::process::exit(GONE);
    })?;
    Ok(())
}
