//! Worlds that a killed process left behind.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid, getuid, test_kill_process};

const PREFIX: &str = "driftguard-demo-";

/// The directory name of a process's world.
pub(super) fn name_of(pid: u32) -> String {
    format!("{PREFIX}{pid}")
}

/// Removes worlds of this user whose process is gone. Whatever cannot be removed is left.
pub(super) fn sweep(temp: &Path) {
    for entry in fs::read_dir(temp).into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|n| n.strip_prefix(PREFIX)?.parse::<i32>().ok());
        // Not followed: a link with this name is somebody's trap.
        let is_ours = entry.metadata().is_ok_and(|m| m.is_dir() && m.uid() == getuid().as_raw());
        if is_ours && pid.and_then(Pid::from_raw).is_some_and(is_gone) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Our own id cannot belong to a world that is still used: we have not made ours yet.
fn is_gone(pid: Pid) -> bool {
    pid == rustix::process::getpid() || test_kill_process(pid) == Err(Errno::SRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_worlds_of_dead_processes_are_removed() {
        let temp = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = name_of(child.id());
        child.wait().unwrap();
        let alive = name_of(std::os::unix::process::parent_id());
        for name in [&dead, &alive, "driftguard-demo-notes", "else"] {
            fs::create_dir_all(temp.path().join(name).join("inside")).unwrap();
        }
        sweep(temp.path());
        let exists = |name: &str| temp.path().join(name).exists();
        assert!(!exists(&dead));
        assert!(exists(&alive) && exists("driftguard-demo-notes") && exists("else"));
    }
}
