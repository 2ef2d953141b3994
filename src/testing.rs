//! What tests share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

#[allow(dead_code)]
#[path = "../tests/stories/lab/postgres.rs"]
mod postgres;

/// A path in the shared folder of recorded data beside the project. `None`, said aloud, when the folder is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let full = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")).join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: recorded data is not there: {}", full.display());
    None
}

/// A database of one test alone, on a server that the tests running at the same time share.
pub struct Database {
    server: Arc<Server>,
    name: String,
    pub url: String,
}

struct Server {
    running: postgres::Postgres,
    // After the server.
    _dir: tempfile::TempDir,
}

impl Database {
    /// `None`, said aloud, where there is no PostgreSQL.
    pub fn new() -> Option<Self> {
        static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let server = {
            let mut known = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
            match known.upgrade() {
                Some(server) => server,
                None => {
                    let dir = tempfile::tempdir().ok()?;
                    let server = Arc::new(Server { running: postgres::Postgres::new(dir.path(), None)?, _dir: dir });
                    *known = Arc::downgrade(&server);
                    server
                }
            }
        };
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let port = server.running.port;
        assert!(postgres::sql(port, &format!("CREATE DATABASE {name}")), "{name}");
        Some(Self { url: format!("postgres://owner@127.0.0.1:{port}/{name}"), server, name })
    }

    /// Whether the statement went through.
    pub fn does(&self, text: &str) -> bool {
        postgres::sql_in(self.server.running.port, &self.name, text)
    }
}
