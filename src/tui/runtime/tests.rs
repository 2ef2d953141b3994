use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::drift::State;
use crate::tui::app::testkit;
use crate::tui::sample::Sample;
use crate::tui::term::clipboard::Through;

/// Remembers what it was shown.
#[derive(Clone)]
struct Paper {
    size: (u16, u16),
    frames: Arc<Mutex<Vec<String>>>,
    /// A frame with these words in it is its last.
    breaks_at: Option<&'static str>,
}

impl Default for Paper {
    fn default() -> Self {
        Self { size: (80, 24), frames: Arc::default(), breaks_at: None }
    }
}

impl Paper {
    fn frames(&self) -> Vec<String> {
        self.frames.lock().unwrap().clone()
    }

    /// Waits until a frame says so.
    async fn says(&self, words: &str) {
        for _ in 0..2_000 {
            if self.frames().iter().any(|frame| frame.contains(words)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("no frame says {words}: {:?}", self.frames().last());
    }
}

impl Surface for Paper {
    fn size(&self) -> (u16, u16) {
        self.size
    }

    fn ready(&self) -> bool {
        true
    }

    async fn written(&self) {
        std::future::pending().await
    }

    fn show(&mut self, frame: &mut Buffer, _cursor: Option<Position>) -> io::Result<()> {
        let frame: String = frame.content().iter().map(|cell| cell.symbol()).collect();
        let breaks = self.breaks_at.is_some_and(|words| frame.contains(words));
        self.frames.lock().unwrap().push(frame);
        assert!(!breaks, "broken on purpose");
        Ok(())
    }

    fn forget(&mut self) {}

    fn retake(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) {}

    fn bell(&mut self) {}

    fn copy(&mut self, what: &'static str, text: &str) -> Copied {
        Copied { what, bytes: text.len(), cut: false, through: Through::Nothing }
    }
}

struct Session {
    paper: Paper,
    sample: Arc<Sample>,
    send: UnboundedSender<Msg>,
    done: tokio::task::JoinHandle<Result<Exit, RunError>>,
}

type Service = Result<Arc<dyn DriftService>, String>;

fn start(connect: impl FnOnce(Arc<Sample>) -> Service + Send + 'static, after: Duration) -> Session {
    let (paper, sample) = (Paper::default(), Sample::shared());
    let (send, inbox) = mpsc::unbounded_channel();
    let service = sample.clone();
    let connecting = async move {
        tokio::time::sleep(after).await;
        connect(service)
    };
    let options = testkit::options(Options::default());
    let done = tokio::spawn(drive(connecting, options, paper.clone(), send.clone(), inbox));
    Session { paper, sample, send, done }
}

fn key(c: char) -> Msg {
    Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))
}

#[tokio::test]
async fn the_first_frame_does_not_wait_for_the_service() {
    let session = start(|_| Err("too late".into()), Duration::from_secs(600));
    session.paper.says("connecting").await;
    session.send.send(key('q')).unwrap();
    assert_eq!(session.done.await.unwrap().unwrap(), Exit::Quit);
}

#[tokio::test]
async fn a_service_that_does_not_come_up_ends_the_screens_with_its_words() {
    let session = start(|_| Err("the store is held by pid 4711".into()), Duration::ZERO);
    let error = session.done.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the store is held by pid 4711");
}

#[tokio::test]
async fn keys_become_decisions_and_the_screen_says_so() {
    let session = start(|sample| Ok(sample), Duration::ZERO);
    session.paper.says("aws_security_group").await;
    session.send.send(key('a')).unwrap();
    session.paper.says("saved: acknowledge").await;
    let id = session.sample.ids()[0];
    assert_eq!(session.sample.event(id).unwrap().state, State::Acknowledged);
    session.send.send(Msg::Signal(15)).unwrap();
    assert_eq!(session.done.await.unwrap().unwrap().code(), 143);
}

#[tokio::test]
async fn a_decision_made_just_before_the_terminal_dies_is_still_saved() {
    let session = start(|sample| Ok(sample), Duration::ZERO);
    session.paper.says("aws_security_group").await;
    session.send.send(key('a')).unwrap();
    session.send.send(Msg::TerminalGone).unwrap();
    assert_eq!(session.done.await.unwrap().unwrap(), Exit::TerminalGone);
    let id = session.sample.ids()[0];
    assert_eq!(session.sample.event(id).unwrap().state, State::Acknowledged);
}

#[tokio::test]
async fn what_is_typed_survives_a_panic_of_the_loop() {
    let home = tempfile::tempdir().unwrap();
    let paper = Paper { breaks_at: Some("half a note"), ..Paper::default() };
    let (send, inbox) = mpsc::unbounded_channel();
    let options = || Options { drafts: Some(home.path().join("drafts")), ..testkit::options(Options::default()) };
    let sample = Sample::shared();
    let service = async move { Ok(sample as Arc<dyn DriftService>) };
    let done = tokio::spawn(drive(service, options(), paper.clone(), send.clone(), inbox));
    paper.says("aws_security_group").await;
    "chalf a note".chars().for_each(|c| send.send(key(c)).unwrap());
    assert!(done.await.unwrap_err().is_panic());
    let file = std::fs::read_dir(home.path().join("drafts")).unwrap().next().unwrap().unwrap().path();
    assert!(std::fs::read_to_string(file).unwrap().contains("half a note"));
}

#[tokio::test]
async fn an_idle_screen_draws_nothing() {
    let session = start(|sample| Ok(sample), Duration::ZERO);
    session.paper.says("unchanged lines").await;
    // The grammar's colours and the last answers may still come in; a clock that ticks would never leave a second in peace.
    for _ in 0..20 {
        let before = session.paper.frames().len();
        tokio::time::sleep(Duration::from_secs(1)).await;
        if session.paper.frames().len() == before {
            return session.done.abort();
        }
    }
    panic!("it draws without end");
}

#[tokio::test]
async fn a_storm_of_keys_is_few_frames() {
    let session = start(|sample| Ok(sample), Duration::ZERO);
    session.paper.says("aws_security_group").await;
    let before = session.paper.frames().len();
    (0..500).for_each(|_| session.send.send(key('j')).unwrap());
    session.send.send(key('a')).unwrap();
    session.paper.says("saved: acknowledge module.net.aws_vpc.main").await;
    assert!(session.paper.frames().len() - before < 100);
    session.done.abort();
}

/// Seconds that the sample's time is ahead in the test below.
static AHEAD: AtomicI64 = AtomicI64::new(0);

fn ahead() -> Timestamp {
    crate::tui::sample::now() + jiff::SignedDuration::from_secs(AHEAD.load(Ordering::SeqCst))
}

#[tokio::test]
async fn what_only_waited_for_its_time_is_asked_for_when_the_clock_says_so() {
    let paper = Paper { size: (160, 45), ..Paper::default() };
    let (send, inbox) = mpsc::unbounded_channel();
    let options = Options { clock: Clock(ahead), ..testkit::options(Options::default()) };
    let sample: Arc<dyn DriftService> = Sample::shared();
    let done = tokio::spawn(drive(async { Ok(sample) }, options, paper.clone(), send.clone(), inbox));
    paper.says("worst").await;
    assert!(!paper.frames().iter().any(|frame| frame.contains("++++")), "nothing happened in this hour");
    send.send(key('a')).unwrap();
    paper.says("saved: acknowledge").await;
    // How much happened when is old now, and is asked for again when a while has passed.
    send.send(Msg::Lagged).unwrap();
    send.send(Msg::Broken("so far".into())).unwrap();
    paper.says("so far").await;
    AHEAD.store(11, Ordering::SeqCst);
    // It makes the loop go round, and asks for nothing.
    send.send(Msg::Highlighted).unwrap();
    paper.says("++++").await;
    done.abort();
}
