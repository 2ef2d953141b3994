//! Where the last session is kept: one small file of the user's own.

use std::io;
use std::path::{Path, PathBuf};

use super::keeper;
use crate::tui::app::session::{Session, VERSION};

/// Its name in the directory of state.
pub fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("session.json")
}

/// The last session, with words for the screen when there is a file that cannot be used.
pub fn load(path: &Path) -> (Option<Session>, Option<String>) {
    if std::fs::symlink_metadata(path).is_err() {
        return (None, None);
    }
    match keeper::read::<Session>(path) {
        Some(session) if session.version == VERSION => (Some(session), None),
        _ => {
            let name = crate::safety::sanitise::line(&path.display().to_string());
            let words = format!("{name} is no session of this version: starting fresh; it is written anew at the end");
            (None, Some(words))
        }
    }
}

/// The old one or the new one is there, whatever happens.
pub fn save(path: &Path, session: &Session) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    if let Some(above) = directory.parent() {
        std::fs::create_dir_all(above)?;
    }
    keeper::write(directory, name, session)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_session_is_private_and_read_back_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        let path = file(&home.path().join("state/driftguard"));
        let session = Session { version: VERSION, zoom: true, tutored: true, ..Session::default() };
        save(&path, &session).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load(&path), (Some(session), None));
    }

    #[test]
    fn a_bad_file_is_left_out_with_a_word_and_no_file_without_one() {
        let home = tempfile::tempdir().unwrap();
        let path = file(home.path());
        assert_eq!(load(&path), (None, None));
        let huge = " ".repeat(100_000);
        for bad in ["no json", "{\"version\": 99}", huge.as_str()] {
            std::fs::write(&path, bad).unwrap();
            let (session, words) = load(&path);
            assert!(session.is_none() && words.unwrap().contains("session.json"));
        }
    }
}
