//! States that lie in a directory, or beneath a prefix of a bucket: each offered as an environment.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::offer::{Offer, provider, slug_of};
use crate::drift::{CloudProvider, SourceError};

const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 2_000;
/// A state names its first provider early.
const HEAD: u64 = 256 << 10;

/// State files below the directory. What `terraform init` wrote down is none.
pub(super) fn in_directory(directory: &Path, errors: &mut Vec<SourceError>) -> Vec<Offer> {
    let mut found = vec![];
    descend(directory, 0, &mut found, errors);
    found.iter().map(|path| of_file(path)).collect()
}

fn descend(directory: &Path, depth: usize, found: &mut Vec<PathBuf>, errors: &mut Vec<SourceError>) {
    let mut entries: Vec<_> = match std::fs::read_dir(directory) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) => return errors.push(crate::declared::input::io_error(&directory.to_string_lossy(), &error)),
    };
    entries.sort();
    for path in entries {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
        if path.is_dir() && !is_link && !name.starts_with('.') && name != "node_modules" && depth < MAX_DEPTH {
            descend(&path, depth + 1, found, errors);
        } else if name.ends_with(".tfstate") && found.len() < MAX_FILES {
            found.push(path);
        }
    }
}

fn of_file(path: &Path) -> Offer {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let above = absolute.parent().unwrap_or(Path::new("/"));
    // `terraform.tfstate` says less than the directory it lies in, and a workspace has one of its own.
    let slug = match above.parent().filter(|up| up.file_name().is_some_and(|name| name == "terraform.tfstate.d")) {
        Some(tree) => format!("{}-{}", slug_of(tree.parent().unwrap_or(tree)), slug_of(above)),
        None if stem == "terraform" => slug_of(above),
        None => format!("{}-{stem}", slug_of(above)),
    };
    let mut remarks = vec![];
    let named = provider(&providers(&absolute));
    let cloud_provider = named.unwrap_or_else(|| {
        remarks.push("no provider is named at its start: host is assumed".into());
        CloudProvider::Host
    });
    let state = Ok(absolute.to_string_lossy().into_owned());
    Offer { slug, cloud_provider, found: format!("state file, {}", path.display()), state, remarks }
}

/// Names of the providers at the start of a state.
fn providers(path: &Path) -> Vec<String> {
    let mut head = vec![];
    // One that cannot be read is found out when it is scanned.
    let _ = std::fs::File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let text = String::from_utf8_lossy(&head);
    let named = text.split("provider[\\\"").skip(1).filter_map(|rest| rest.split("\\\"]").next());
    named.filter_map(|source| source.rsplit('/').next()).map(str::to_owned).collect()
}

/// `keys` beneath `s3://bucket/`; `query` is how they are reached.
pub fn in_bucket(bucket: &str, keys: &[String], query: &str) -> Vec<Offer> {
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    let of = |key: &String| Offer {
        slug: slug_of_key(key),
        cloud_provider: CloudProvider::Aws,
        found: format!("s3, s3://{bucket}/{key}"),
        state: Ok(format!("s3://{bucket}/{key}{query}")),
        remarks: vec!["what it declares was not read: aws is assumed, as where it lies".into()],
    };
    let mut offers: Vec<Offer> = keys.iter().map(of).collect();
    super::offer::tell_apart(&mut offers);
    offers
}

/// `net-blue` of `env:/blue/net/terraform.tfstate`, `prod-app` of `prod/app.tfstate`.
fn slug_of_key(key: &str) -> String {
    let end = [".tfstate", ".tfstate.json", ".tfstate.gz"].iter().find_map(|end| key.strip_suffix(end)).unwrap_or(key);
    let plain = end.strip_suffix("/terraform").unwrap_or(end);
    match plain.strip_prefix("env:/").and_then(|rest| rest.split_once('/')) {
        Some((workspace, rest)) => format!("{rest}-{workspace}"),
        None => plain.to_owned(),
    }
}
