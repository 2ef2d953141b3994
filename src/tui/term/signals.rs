//! Signals as messages: the loop saves, gives the terminal back and ends.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use crate::tui::app::Msg;

/// Listens until nobody reads the messages any more. SIGCONT means that the shell may have used the terminal.
pub fn listen(inbox: UnboundedSender<Msg>) -> io::Result<()> {
    let ends = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit()];
    for kind in ends {
        let mut signals = signal(kind)?;
        let inbox = inbox.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() && inbox.send(Msg::Signal(kind.as_raw_value())).is_ok() {}
        });
    }
    let mut continued = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
    tokio::spawn(async move { while continued.recv().await.is_some() && inbox.send(Msg::Resumed).is_ok() {} });
    Ok(())
}
