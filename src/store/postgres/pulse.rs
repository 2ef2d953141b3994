//! Whether the database answers: a heartbeat of its own tells, so that whoever asks something does not have to find out by waiting.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use crate::store::StoreError;

/// Between two beats.
const BEAT: Duration = Duration::from_millis(500);
/// A connection that is silent for so long is given up for another one.
const GIVEN: Duration = Duration::from_secs(2);
/// A restart is waited for as long; after that, everybody is told at once.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why nothing can be had of it.
pub(super) const AWAY: &str = "the database does not answer";

/// One database's.
#[derive(Default)]
pub(super) struct Pulse {
    /// Since when a beat is waited for.
    asked: Mutex<Option<Instant>>,
}

impl Pulse {
    /// Begins to feel it, for as long as it is asked about. In a runtime.
    pub(super) fn of(options: PgConnectOptions, runtime: &tokio::runtime::Runtime) -> Arc<Self> {
        let pulse = Arc::new(Self::default());
        runtime.spawn(feel(options, Arc::downgrade(&pulse)));
        pulse
    }

    /// Whether nothing was heard of it for too long.
    pub(super) fn is_gone(&self) -> bool {
        self.asked().is_some_and(|since| since.elapsed() >= PATIENCE)
    }

    /// # Errors
    /// When it is gone.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.is_gone() { Err(StoreError::Unavailable(format!("{AWAY}: try again in a moment"))) } else { Ok(()) }
    }

    fn asked(&self) -> Option<Instant> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asks(&self) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
    }

    fn heard(&self) {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(since) = asked.filter(|since| since.elapsed() >= PATIENCE) {
            tracing::info!(seconds = since.elapsed().as_secs(), "the database answers again");
        }
    }
}

async fn feel(options: PgConnectOptions, pulse: Weak<Pulse>) {
    let mut connection = None;
    let mut was_gone = false;
    loop {
        match pulse.upgrade() {
            Some(pulse) => pulse.asks(),
            None => return,
        }
        let beat = tokio::time::timeout(GIVEN, beat(&options, &mut connection)).await;
        let Some(pulse) = pulse.upgrade() else { return };
        match beat {
            Ok(Ok(())) => {
                pulse.heard();
                was_gone = false;
            }
            failed => {
                connection = None;
                if pulse.is_gone() && !std::mem::replace(&mut was_gone, true) {
                    let why = failed.map_or_else(
                        |_| "no answer".to_owned(),
                        |e| e.err().map_or_else(String::new, |e| e.to_string()),
                    );
                    tracing::warn!(why, "{AWAY}: what needs it is refused until it does");
                }
            }
        }
        drop(pulse);
        tokio::time::sleep(BEAT).await;
    }
}

async fn beat(options: &PgConnectOptions, connection: &mut Option<PgConnection>) -> sqlx::Result<()> {
    match connection {
        Some(connection) => connection.ping().await,
        None => connection.insert(options.connect().await?).ping().await,
    }
}
