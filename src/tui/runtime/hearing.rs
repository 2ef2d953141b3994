//! What is told to the loop beside keys and the service.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::tui::app::Msg;
use crate::tui::{Options, Trying};

/// How the screens are to be, whenever the configuration changes.
pub fn of_configuration(told: Option<watch::Receiver<Option<Arc<Options>>>>, send: UnboundedSender<Msg>) {
    let Some(mut told) = told else { return };
    tokio::spawn(async move {
        while told.changed().await.is_ok() {
            let options = told.borrow_and_update().clone();
            if options.is_some_and(|options| send.send(Msg::Configured(options)).is_err()) {
                return;
            }
        }
    });
}

/// Why the service is not there yet.
pub fn of_tries(told: Option<watch::Receiver<Option<Trying>>>, send: UnboundedSender<Msg>) {
    let Some(mut told) = told else { return };
    tokio::spawn(async move {
        while told.changed().await.is_ok() {
            let trying = told.borrow_and_update().clone();
            if trying.is_some_and(|trying| send.send(Msg::Trying(trying)).is_err()) {
                return;
            }
        }
    });
}
