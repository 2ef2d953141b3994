//! A real pseudo-terminal with the real binary in it, and a parser that says what a person would see.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take before a story gives up; generous, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Every byte the program wrote.
    pub bytes: Vec<u8>,
    /// The terminal's modes before the program started, as text.
    modes_before: String,
}

impl Terminal {
    /// Starts driftguard with `args` in a terminal of this size; `home` is all it may touch.
    pub fn start(home: &Path, args: &[&str], columns: u16, rows: u16) -> Self {
        Self::program(env!("CARGO_BIN_EXE_driftguard"), home, args, columns, rows)
    }

    /// As [`Self::start`], with other environment variables laid over the usual ones.
    pub fn start_with(home: &Path, args: &[&str], columns: u16, rows: u16, variables: &[(&str, &str)]) -> Self {
        Self::launch(env!("CARGO_BIN_EXE_driftguard"), home, args, (columns, rows), variables)
    }

    /// Starts any program, a shell for instance.
    pub fn program(program: &str, home: &Path, args: &[&str], columns: u16, rows: u16) -> Self {
        Self::launch(program, home, args, (columns, rows), &[])
    }

    fn launch(
        program: &str,
        home: &Path,
        args: &[&str],
        (columns, rows): (u16, u16),
        variables: &[(&str, &str)],
    ) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(home);
        command.env_clear();
        for (key, value) in environment(home) {
            command.env(key, value);
        }
        for (key, value) in variables {
            command.env(key, value);
        }
        let modes_before = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            master: pair.master,
            writer,
            child,
            output,
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            bytes: vec![],
            modes_before,
        }
    }

    /// Types; `\x1b` is Esc, `\r` is Enter.
    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).and_then(|()| self.writer.flush()).expect("keys arrive");
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("resize");
        self.screen.screen_mut().set_size(cells(rows), cells(columns));
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Reads until the screen satisfies `done`; shows the screen when it never does.
    pub fn wait(&mut self, what: &str, done: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if done(&text) {
                return text;
            }
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("never saw {what}; the screen is:\n{}", self.text()),
            }
        }
    }

    pub fn wait_for(&mut self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// Reads what comes until nothing has come for a while.
    pub fn settle(&mut self) {
        self.settle_for(Duration::from_millis(500));
    }

    /// Reads what a key press brought.
    pub fn settle_briefly(&mut self) {
        self.settle_for(Duration::from_millis(60));
    }

    /// Bytes that come by themselves in this time; for the budgets.
    #[allow(dead_code)]
    pub fn idle(&mut self, time: Duration) -> usize {
        let (end, before) = (Instant::now() + time, self.bytes.len());
        while let Ok(bytes) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.take(&bytes);
        }
        self.bytes.len() - before
    }

    /// The program; for the budgets.
    #[allow(dead_code)]
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a process")
    }

    fn settle_for(&mut self, pause: Duration) {
        loop {
            match self.output.recv_timeout(pause) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Waits for the end of the program and reads its last words.
    pub fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be waited for") {
                self.settle();
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end; the screen is:\n{}", self.text());
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
                self.take(&bytes);
            }
        }
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid =
            self.child.process_id().and_then(|pid| rustix::process::Pid::from_raw(pid as i32)).expect("a process");
        rustix::process::kill_process(pid, signal).expect("the signal arrives");
    }

    /// The main screen, with its cursor.
    pub fn is_given_back(&self) -> bool {
        !self.screen.screen().alternate_screen() && !self.screen.screen().hide_cursor()
    }

    /// The terminal is as it was: cooked, main screen, cursor shown, no paste brackets.
    pub fn assert_restored(&self) {
        let screen = self.screen.screen();
        assert!(self.is_given_back(), "still on the alternate screen, or without a cursor");
        assert!(!screen.bracketed_paste(), "paste is still bracketed");
        assert_eq!(modes(self.master.as_ref()), self.modes_before, "the terminal's modes");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn modes(master: &(dyn MasterPty + Send)) -> String {
    format!("{:?}", master.get_termios())
}

fn environment(home: &Path) -> Vec<(&'static str, String)> {
    let inside = |name: &str| home.join(name).to_string_lossy().into_owned();
    vec![
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("HOME", home.to_string_lossy().into_owned()),
        ("XDG_CONFIG_HOME", inside("config")),
        ("XDG_DATA_HOME", inside("data")),
        ("XDG_STATE_HOME", inside("state")),
        ("TMPDIR", std::env::temp_dir().to_string_lossy().into_owned()),
        ("TERM", "xterm-256color".to_owned()),
        ("USER", "alice".to_owned()),
        ("PS1", "ready$ ".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        // Stories begin where people are after their first two minutes.
        ("DRIFTGUARD_TUTORIAL", "false".to_owned()),
    ]
}

fn cells(count: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(count).expect("a terminal has at least one cell")
}
