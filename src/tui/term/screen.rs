//! The real terminal as the loop sees it: frames go to a thread that writes, so that a slow line never holds the loop; while
//! it writes, changes gather for the next frame.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use rustix::process::{Signal, kill_current_process_group};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use super::clipboard::Through;
use super::guard::{self, Guard};
use super::output::Output;
use super::{TermError, clipboard, input, signals};
use crate::tui::app::Msg;
use crate::tui::app::msg::Copied;
use crate::tui::runtime::Surface;

/// The terminal, taken.
pub struct Screen {
    output: Output,
    frames: Sender<Vec<u8>>,
    busy: Arc<AtomicBool>,
    written: Arc<Notify>,
    through: Through,
    /// Last, so that everything else has ended when the terminal is given back.
    _guard: Guard,
}

impl Screen {
    /// Takes the terminal; keys, signals and its end arrive at `inbox`.
    pub fn open(inbox: &UnboundedSender<Msg>) -> Result<Self, TermError> {
        super::check()?;
        let guard = Guard::enter()?;
        signals::listen(inbox.clone())?;
        input::read(inbox.clone())?;
        input::watch(inbox.clone())?;
        let (frames, queue) = channel::<Vec<u8>>();
        let (busy, written) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let (writes, done, gone) = (Arc::clone(&busy), Arc::clone(&written), inbox.clone());
        std::thread::Builder::new().name("terminal output".into()).spawn(move || {
            for frame in queue {
                let result = guard::write(&frame);
                writes.store(false, Ordering::Release);
                done.notify_one();
                if result.is_err() {
                    let _ = gone.send(Msg::TerminalGone);
                    return;
                }
            }
        })?;
        let through = Through::detect(|name| std::env::var(name).ok());
        Ok(Self { output: Output::default(), frames, busy, written, through, _guard: guard })
    }

    fn send(&self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.busy.store(true, Ordering::Release);
            // When the writer has ended, the terminal is gone and the loop knows.
            let _ = self.frames.send(bytes);
        }
    }
}

impl Surface for Screen {
    fn size(&self) -> (u16, u16) {
        // Some lines know no size and say 0.
        crossterm::terminal::size().ok().filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or((80, 24))
    }

    fn ready(&self) -> bool {
        !self.busy.load(Ordering::Acquire)
    }

    async fn written(&self) {
        self.written.notified().await;
    }

    fn show(&mut self, frame: &mut Buffer, cursor: Option<Position>) -> io::Result<()> {
        let bytes = self.output.frame(frame, cursor)?;
        self.send(bytes);
        Ok(())
    }

    fn forget(&mut self) {
        self.output.forget();
    }

    fn retake(&mut self) -> io::Result<()> {
        guard::take()
    }

    fn suspend(&mut self) {
        guard::give_back();
        // The whole job stops, as the shell's own Ctrl-Z would do it: a wrapper around us stops with us.
        let _ = kill_current_process_group(Signal::TSTP);
    }

    fn bell(&mut self) {
        self.send(vec![7]);
    }

    fn copy(&mut self, what: &'static str, text: &str) -> Copied {
        let copy = clipboard::osc52(text, self.through);
        self.send(copy.bytes);
        Copied { what, bytes: copy.taken, cut: copy.cut, through: self.through }
    }
}
