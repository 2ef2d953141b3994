//! Files and directories that only their owner can read, and writes that are on the disk when they return.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::StoreError;

/// `map_err(io_at(path))`: an error that names the file.
pub(super) fn io_at(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    move |source| StoreError::Io { path: path.to_owned(), source }
}

/// Makes `path` (and its parents) with mode 0700 whatever the umask; an existing one must be a directory of ours.
pub(crate) fn private_dir(path: &Path) -> Result<(), StoreError> {
    if let Ok(meta) = fs::symlink_metadata(path) {
        refuse_foreign(path, &meta)?;
    } else {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io_at(path))?;
        // The umask has cut the mode at creation.
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(io_at(path))?;
        return Ok(());
    }
    let mode = fs::metadata(path).map_err(io_at(path))?.permissions().mode();
    if mode & 0o777 != 0o700 {
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(io_at(path))?;
    }
    Ok(())
}

/// A store that somebody else can swap or read is no place for decisions.
pub(super) fn refuse_foreign(path: &Path, meta: &fs::Metadata) -> Result<(), StoreError> {
    let refuse = |why: &str| Err(StoreError::Invalid(format!("{}: {why}", path.display())));
    if meta.file_type().is_symlink() {
        return refuse("the store must not be a symbolic link; name the directory it points to");
    }
    if !meta.is_dir() {
        return refuse("the store must be a directory");
    }
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me {
        return refuse(&format!("the store belongs to user {}, you are {me}; use a store of your own", meta.uid()));
    }
    Ok(())
}

/// Opens for reading and writing, makes it if need be, mode 0600 whatever the umask.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Replaces `path` in one step: a crash leaves the old or the new content, never a mixture.
pub(super) fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let mut tmp =
        tempfile::Builder::new().prefix(".tmp-").permissions(Permissions::from_mode(0o600)).tempfile_in(parent)?;
    tmp.write_all(content)?;
    tmp.as_file().sync_all()?;
    tmp.persist(path).map_err(|e| e.error)?;
    sync_dir(parent)
}

/// Makes names in a directory durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Copies the plain files and directories below `from`.
pub(super) fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Cuts group and others off every file below `path`: the engine makes its files with the process's umask.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_dir = entry.file_type()?.is_dir();
        fs::set_permissions(entry.path(), Permissions::from_mode(if is_dir { 0o700 } else { 0o600 }))?;
        if is_dir {
            make_private(&entry.path())?;
        }
    }
    Ok(())
}

/// Why this error means "no more writes here", in words for the banner; `None` for other errors.
pub(super) fn no_more_writes(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some("the disk is full"),
        io::ErrorKind::ReadOnlyFilesystem => Some("the file system is read-only"),
        io::ErrorKind::PermissionDenied => Some("the store's files may not be written"),
        _ => match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            Some(rustix::io::Errno::IO) => Some("the disk reports errors"),
            _ => None,
        },
    }
}

/// Enough for the engine to open, and to go on for a while.
const ROOM: u64 = 24 << 20;

pub(super) fn has_room(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= ROOM)
}

/// Whether an error means that there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Network and user-space file systems do not keep the promises of lock and sync that the store rests on.
#[cfg(target_os = "linux")]
pub(crate) fn refuse_unsafe_filesystem(path: &Path) -> Result<(), StoreError> {
    // Magic numbers of linux/magic.h and the kernel's fs/ trees.
    const UNSAFE: [(i64, &str); 5] =
        [(0x6969, "NFS"), (0x6573_5546, "FUSE"), (0xff53_4d42, "CIFS"), (0xfe53_4d42, "SMB"), (0x517b, "SMB")];
    if std::env::var_os("DRIFTGUARD_STORE_UNSAFE_FS").is_some_and(|v| v == "1") {
        return Ok(());
    }
    let Ok(stat) = rustix::fs::statfs(path) else { return Ok(()) };
    #[allow(clippy::unnecessary_cast)] // The width differs between architectures.
    let kind = stat.f_type as i64;
    match UNSAFE.iter().find(|(magic, _)| *magic == kind) {
        Some((_, name)) => Err(StoreError::Invalid(format!(
            "{}: the store lies on {name}, where locks and syncs cannot be trusted; move it to a local disk, or set DRIFTGUARD_STORE_UNSAFE_FS=1 to use it all the same",
            path.display()
        ))),
        None => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn refuse_unsafe_filesystem(_path: &Path) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_private_whatever_it_was_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        private_dir(&path).unwrap();
        assert_eq!(mode(&path), 0o700);

        let file = path.join("f");
        fs::write(&file, "x").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        private_file(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
        write_durably(&file, b"new").unwrap();
        assert_eq!((mode(&file), fs::read(&file).unwrap()), (0o600, b"new".to_vec()));
    }

    #[test]
    fn a_symbolic_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("real")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("real"), dir.path().join("link")).unwrap();
        let error = private_dir(&dir.path().join("link")).unwrap_err();
        assert!(error.to_string().contains("symbolic link"), "{error}");
    }
}
