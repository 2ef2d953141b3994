//! From a key to its frame while the network hangs: the loop of a session over a client whose server takes every connection and
//! never answers again.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use driftguard::api::Role;
use driftguard::drift::Slug;
use driftguard::server::{self, Houses, Options, Principal, Tokens};
use driftguard::service::{Dial, DriftService, Fixed, RemoteService};
use driftguard::tui::app::Msg;
use driftguard::tui::app::msg::Copied;
use driftguard::tui::app::testkit;
use driftguard::tui::runtime::{self, Surface};
use driftguard::tui::sample::Synthetic;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;

/// Keys whose frames are timed: they move, open, mark and decide.
const KEYS: [char; 8] = ['j', 'j', 'k', 'a', 'j', ' ', 'k', 'z'];
const PRESSES: usize = 400;

/// Says when a frame was shown.
struct Watched {
    shown: Sender<Instant>,
    last: Option<Buffer>,
}

impl Surface for Watched {
    fn size(&self) -> (u16, u16) {
        (160, 45)
    }
    fn ready(&self) -> bool {
        true
    }
    async fn written(&self) {
        std::future::pending().await
    }
    fn show(&mut self, frame: &mut Buffer, _: Option<Position>) -> io::Result<()> {
        if self.last.as_ref() != Some(frame) {
            self.last = Some(frame.clone());
            let _ = self.shown.send(Instant::now());
        }
        Ok(())
    }
    fn forget(&mut self) {}
    fn suspend(&mut self) {}
    fn retake(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn bell(&mut self) {}
    fn title(&mut self, _: &str) {}
    fn copy(&mut self, what: &'static str, _: &str) -> Copied {
        Copied { what, bytes: 0, cut: false, through: driftguard::tui::term::clipboard::Through::Nothing }
    }
}

/// Milliseconds from a key to the next frame that differs, sorted.
pub fn key_to_frame() -> Vec<f64> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (shown, frames) = channel::<Instant>();
    let (keys, inbox) = unbounded_channel();
    let hangs = Arc::new(AtomicBool::new(false));
    let home = tempfile::tempdir().unwrap();
    let service = runtime.block_on(connected(Arc::clone(&hangs), home.path().to_owned()));
    let pressed = keys.clone();
    let presser = std::thread::spawn(move || {
        let quiet = |time| while frames.recv_timeout(time).is_ok() {};
        quiet(Duration::from_secs(2));
        hangs.store(true, Ordering::SeqCst);
        let mut times = vec![];
        for at in 0..PRESSES {
            quiet(Duration::from_millis(20));
            let begun = Instant::now();
            let key = KeyEvent::new(KeyCode::Char(KEYS[at % KEYS.len()]), KeyModifiers::NONE);
            if pressed.send(Msg::Key(key)).is_err() {
                break;
            }
            // A key at an end of the list may change nothing.
            if let Ok(shown) = frames.recv_timeout(Duration::from_millis(500)) {
                times.push(shown.duration_since(begun).as_secs_f64() * 1000.0);
            }
        }
        let _ = pressed.send(Msg::Signal(15));
        times
    });
    let options = testkit::options(driftguard::tui::Options { presence: true, ..Default::default() });
    let surface = Watched { shown, last: None };
    runtime.block_on(runtime::drive(async { Ok(service) }, options, surface, keys, inbox)).unwrap();
    let mut times = presser.join().unwrap();
    runtime.shutdown_background();
    times.sort_by(f64::total_cmp);
    times
}

async fn connected(hangs: Arc<AtomicBool>, queues: std::path::PathBuf) -> Arc<dyn DriftService> {
    let organisation = Slug::from_text("acme");
    let mut houses = Houses::default();
    houses.open(organisation.clone(), Arc::new(Synthetic::new(10_000)));
    let principal = Principal::new(organisation, "erin".into(), Role::Editor);
    let tokens = Tokens::new([("key".to_owned(), principal)]);
    let serving = server::serve(&Options::new(([127, 0, 0, 1], 0).into()), Arc::new(tokens), houses).await.unwrap();
    let address = before(serving.address, hangs).await;
    tokio::spawn(serving.run(std::future::pending()));
    let urls = vec![format!("http://{address}").parse().unwrap()];
    let credentials = Arc::new(Fixed(Some("key".to_owned())));
    RemoteService::dial(Dial { urls, ca: None, credentials, queues: Some(queues) }, &Handle::current()).await.unwrap()
}

/// A network before the server: as long as it hangs, whatever is sent is taken, and nothing comes back.
async fn before(server: SocketAddr, hangs: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, server, Arc::clone(&hangs)));
        }
    });
    address
}

async fn carry(client: TcpStream, server: SocketAddr, hangs: Arc<AtomicBool>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(upstream) = TcpStream::connect(server).await else { return };
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), upstream.into_split());
    let back = Arc::clone(&hangs);
    tokio::spawn(async move {
        let mut bytes = vec![0; 65_536];
        while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
            if !back.load(Ordering::SeqCst) && to_client.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
        // Open for ever: only an end would be news.
        std::future::pending::<()>().await;
    });
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
        if !hangs.load(Ordering::SeqCst) && to_server.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// One line of figures.
pub fn print() {
    let times = key_to_frame();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let late = times.iter().filter(|time| **time > 50.0).count();
    println!(
        "key to frame while the network hangs, 160×45, {} frames: p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, worst {:.2} ms; {late} later than 50 ms",
        times.len(),
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0),
    );
}
