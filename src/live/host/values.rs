//! A file of this machine in the shape of the resource that declares it: only attributes the declared side has.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::OFlags;
use serde_json::{Map, Value};

use super::digest::Pass;

/// Content of larger files is not loaded; their digests still tell whether they changed.
const MAX_CONTENT: u64 = 64 << 20;

const CONTENT: [&str; 2] = ["content", "sensitive_content"];
const DIGESTS: [&str; 7] = [
    "id",
    "content_md5",
    "content_sha1",
    "content_sha256",
    "content_base64sha256",
    "content_sha512",
    "content_base64sha512",
];

/// Attributes as they are live, and which of them could be looked at.
pub(super) struct Seen {
    pub values: Value,
    pub observable: Vec<String>,
}

/// Looks at the file. Follows symbolic links as Terraform does. Never opens anything but a regular file, and opens that
/// without blocking, so that a FIFO put in its place between the look and the open cannot hold us up.
pub(super) fn read(path: &Path, declared: &Value) -> io::Result<Seen> {
    let wants = |key: &str| declared.get(key).is_some_and(|v| !v.is_null());
    let mut values = Map::new();
    let mut set = |key: &str, value: String| {
        if wants(key) {
            values.insert(key.to_owned(), Value::String(value));
        }
    };
    set("filename", text(declared, "filename").to_owned());
    let meta = std::fs::metadata(path)?;
    set("file_permission", permission(text(declared, "file_permission"), meta.permissions().mode()));
    if meta.is_file() {
        let needs_bytes = wants("content_base64") || CONTENT.iter().chain(&DIGESTS).any(|k| wants(k));
        if needs_bytes {
            read_bytes(path, declared, &mut set)?;
        }
    } else {
        // Something else stands where the file should be: every statement about its bytes is wrong.
        for key in CONTENT.iter().chain(&["content_base64"]).chain(&DIGESTS) {
            set(key, format!("not a regular file but {}", kind(&meta)));
        }
    }
    let observable = values.keys().cloned().collect();
    Ok(Seen { values: Value::Object(values), observable })
}

fn read_bytes(path: &Path, declared: &Value, set: &mut dyn FnMut(&str, String)) -> io::Result<()> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let mut file: File = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("was replaced while it was read"));
    }
    // Files of /proc say 0; a file that grows while it is read is taken as it was when it was opened.
    let bytes = if meta.len() == 0 { MAX_CONTENT } else { meta.len() };
    let mut pass = Pass::over(&mut file, bytes, MAX_CONTENT)?;
    if let Some(content) = pass.content.take() {
        let written = text(declared, "content_base64");
        let same = STANDARD.decode(written).is_ok_and(|bytes| bytes == content);
        set("content_base64", if same { written.to_owned() } else { STANDARD.encode(&content) });
        let content = as_text(content);
        CONTENT.iter().for_each(|key| set(key, content.clone()));
    }
    pass.attributes().into_iter().for_each(|(key, value)| set(key, value));
    Ok(())
}

/// Declared `content` is UTF-8, so bytes that are not differ for certain; shown without loss.
fn as_text(content: Vec<u8>) -> String {
    String::from_utf8(content).unwrap_or_else(|e| format!("not UTF-8, in base64: {}", STANDARD.encode(e.as_bytes())))
}

/// The live mode, in the declared spelling when it is what Terraform made: permissions are declared before umask, and
/// `0777`, the provider's default, gives 0755 or 0775 under the umasks distributions ship (022 and 002).
fn permission(declared: &str, mode: u32) -> String {
    let mode = mode & 0o7777;
    let made = u32::from_str_radix(declared, 8).ok();
    let same = |asked: u32| [0_u32, 0o022, 0o002].iter().any(|umask| asked & !umask == mode);
    if made.is_some_and(same) { declared.to_owned() } else { format!("{mode:04o}") }
}

fn kind(meta: &Metadata) -> &'static str {
    let kind = meta.file_type();
    match () {
        _ if kind.is_dir() => "a directory",
        _ if kind.is_fifo() => "a FIFO",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_char_device() || kind.is_block_device() => "a device",
        _ => "something else",
    }
}

fn text<'a>(declared: &'a Value, key: &str) -> &'a str {
    declared.get(key).and_then(Value::as_str).unwrap_or_default()
}
