//! Passwords: typed without being shown, or from a file. Never from a flag, where everybody on the machine could read them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::cli::PasswordSource;

/// Bytes of a line.
const MOST: u64 = 4_096;

/// Twice, so that nobody sets what he did not mean to type.
pub(super) fn password(source: &PasswordSource) -> anyhow::Result<String> {
    match &source.password_file {
        Some(file) => first_line(file),
        None if io::stdin().is_terminal() => typed(),
        None => bail!("there is no terminal to ask for the password: name a --password-file (- is standard input)"),
    }
}

/// Of who has one already: once.
pub(in crate::commands) fn known_password(source: &PasswordSource) -> anyhow::Result<String> {
    match &source.password_file {
        Some(file) => first_line(file),
        None if io::stdin().is_terminal() => unseen("Password: "),
        None => bail!("there is no terminal to ask for the password: name a --password-file (- is standard input)"),
    }
}

/// What anybody may see being typed.
pub(in crate::commands) fn shown(question: &str, flag: &str) -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        bail!("there is no terminal to ask on: say {flag}");
    }
    let mut ask = io::stderr().lock();
    write!(ask, "{question}")?;
    ask.flush()?;
    line(io::stdin().lock())
}

/// Of a file that only its owner can read, or with `-` of standard input.
pub(in crate::commands) fn first_line(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let line = match path == Path::new("-") {
        true => line(io::stdin().lock())?,
        false => line(BufReader::new(private(path)?))?,
    };
    if line.is_empty() {
        bail!("{shown} is empty");
    }
    Ok(line)
}

/// A file that only its owner can read.
pub(in crate::commands) fn private(path: &Path) -> anyhow::Result<File> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let meta = file.metadata().with_context(|| format!("{shown} cannot be read"))?;
    // What a shell makes of <(…) is a pipe that nobody else can open.
    if !meta.file_type().is_fifo() && meta.permissions().mode() & 0o077 != 0 {
        bail!("{shown} can be read by others than its owner: `chmod 600` it first");
    }
    Ok(file)
}

fn line(input: impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    input.take(MOST).read_line(&mut line).context("the password is not UTF-8 text")?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

fn typed() -> anyhow::Result<String> {
    let first = unseen("Password: ")?;
    if unseen("Again: ")? != first {
        bail!("the two are not the same: nothing was done");
    }
    Ok(first)
}

fn unseen(question: &str) -> anyhow::Result<String> {
    let mut ask = io::stderr().lock();
    let echo = NoEcho::begin()?;
    write!(ask, "{question}")?;
    ask.flush()?;
    let answer = line(io::stdin().lock());
    drop(echo);
    writeln!(ask)?;
    answer
}

/// The terminal shows again what is typed when this is dropped.
struct NoEcho(Termios);

impl NoEcho {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
