//! Where the configuration has a resource's block: file and line. The lines are looked at, nothing is evaluated.

mod modules;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use modules::Call;

/// Files that are looked into, and how large one may be.
const FILES: usize = 2_000;
const FILE_MAX: u64 = 2 * 1024 * 1024;
/// Directories below the configuration that are searched where a module cannot be followed.
const DEPTH: usize = 5;
/// Places that are told.
const PLACES: usize = 10;

/// The head of a block, and what a module's says about where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// `resource`, `module`, …
    pub kind: String,
    pub labels: Vec<String>,
    /// Counted from 1.
    pub line: usize,
    /// The last line of it.
    pub end: usize,
    /// The text of its `source`, where it has one.
    pub source: Option<String>,
}

/// What came of a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Search {
    /// One place where every module could be followed; else all that may be meant.
    Found(Vec<(PathBuf, usize)>),
    NotThere,
    /// No `.tf` file at all.
    NoConfiguration,
    /// The name is none of Terraform's.
    NoAddress,
}

/// An address without the keys of instances: `module.net[0].aws_vpc.main["eu"]` is `module.net.aws_vpc.main`.
pub fn configured(address: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0_u32, false, false);
    for c in address.chars() {
        match c {
            '"' if !escaped && depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if depth == 0 {
            out.push(c);
        }
    }
    out
}

/// The directory of the configuration that wrote a state: beside it, also where workspaces keep theirs.
pub fn configuration_of(state: &Path) -> Option<&Path> {
    let mut directory = state.parent()?;
    for above in state.ancestors().skip(1) {
        let name = above.file_name().unwrap_or_default();
        if name == "terraform.tfstate.d" || name == ".terraform" {
            directory = above.parent()?;
        }
    }
    Some(if directory.as_os_str().is_empty() { Path::new(".") } else { directory })
}

/// Finds the block of the resource at `address` in the configuration in `root`.
pub fn find(root: &Path, address: &str) -> Search {
    Looked::default().find(root, address)
}

/// Blocks by directory and the levels below it that were looked into.
type Known = HashMap<(PathBuf, usize), Arc<Vec<(PathBuf, Block)>>>;

/// Directories that were looked through: each is read once, for many resources.
#[derive(Default, Debug)]
pub struct Looked {
    blocks: Mutex<Known>,
    /// Calls of modules in a directory and so many levels below it.
    said: Mutex<modules::AllSaid>,
}

impl Looked {
    /// See [`find`].
    pub fn find(&self, root: &Path, address: &str) -> Search {
        let Some((modules, labels)) = parts(address) else { return Search::NoAddress };
        let mut directory = root.to_path_buf();
        for module in &modules {
            let blocks = self.blocks_in(&directory, 0);
            let is_it = |block: &&Block| block.kind == "module" && block.labels == [module.as_str()];
            let source = blocks.iter().map(|(_, block)| block).find(is_it).and_then(|block| block.source.as_deref());
            // Only a path leads anywhere without a registry.
            match source.filter(|source| source.starts_with('.')) {
                Some(source) => directory.push(source),
                None => return self.search(root, DEPTH, &labels),
            }
        }
        self.search(&directory, 0, &labels)
    }

    fn search(&self, directory: &Path, depth: usize, labels: &[String; 2]) -> Search {
        let blocks = self.blocks_in(directory, depth);
        let is_it = |block: &Block| block.kind == "resource" && block.labels == labels[..];
        let found = blocks.iter().filter(|(_, block)| is_it(block));
        let places: Vec<_> = found.map(|(file, block)| (tidy(file), block.line)).take(PLACES).collect();
        match places.is_empty() {
            false => Search::Found(places),
            // Files without a block are files, too.
            true if blocks.is_empty() && files(directory, depth).is_empty() => Search::NoConfiguration,
            true => Search::NotThere,
        }
    }

    fn blocks_in(&self, directory: &Path, depth: usize) -> Arc<Vec<(PathBuf, Block)>> {
        let key = (tidy(directory), depth);
        if let Some(known) = self.known().get(&key) {
            return Arc::clone(known);
        }
        let read = Arc::new(blocks_of(&files(directory, depth)));
        self.known().insert(key, Arc::clone(&read));
        read
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `a/./b/../c` as `a/c`, without asking the disk.
pub fn tidy(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// The modules on the way, and type and name of a managed resource.
fn parts(address: &str) -> Option<(Vec<String>, [String; 2])> {
    let plain = configured(address);
    let mut words = plain.split('.').map(str::to_owned);
    let mut modules = vec![];
    loop {
        let first = words.next()?;
        let second = words.next()?;
        if first == "module" {
            modules.push(second);
            continue;
        }
        let is_name =
            |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        let whole = words.next().is_none() && first != "data" && is_name(&first) && is_name(&second);
        return whole.then_some((modules, [first, second]));
    }
}

/// `.tf` files in a directory and so many levels below it, by name; symbolic links are not followed.
pub fn files(directory: &Path, depth: usize) -> Vec<PathBuf> {
    let mut found = vec![];
    collect(directory, depth, &mut found);
    found.sort();
    found
}

fn collect(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if found.len() >= FILES {
            return;
        }
        let (path, Ok(about)) = (entry.path(), entry.metadata()) else { continue };
        let name = entry.file_name();
        if about.is_dir() && depth > 0 && !name.to_string_lossy().starts_with('.') {
            collect(&path, depth - 1, found);
        } else if about.is_file() && about.len() <= FILE_MAX && path.extension().is_some_and(|end| end == "tf") {
            found.push(path);
        }
    }
}

fn blocks_of(files: &[PathBuf]) -> Vec<(PathBuf, Block)> {
    let read = files.iter().filter_map(|file| Some((file, fs::read(file).ok()?)));
    read.flat_map(|(file, bytes)| {
        blocks(&String::from_utf8_lossy(&bytes)).into_iter().map(move |block| (file.clone(), block))
    })
    .collect()
}

/// Heads of the outermost blocks of a `.tf` file. Comments, strings and heredocs are passed over.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = vec![];
    let mut scan = Scan::default();
    for (at, line) in text.lines().enumerate() {
        let outermost = scan.depth == 0 && scan.is_code();
        if outermost && let Some((kind, labels)) = head(line) {
            found.push(Block { kind, labels, line: at + 1, end: at + 1, source: None });
        } else if scan.depth == 1
            && scan.is_code()
            && let (Some(block), Some(source)) = (found.last_mut(), source(line))
        {
            block.source = Some(source);
        }
        let was_inside = scan.depth > 0;
        scan.line(line);
        if let Some(block) = found.last_mut().filter(|_| was_inside) {
            block.end = at + 1;
        }
    }
    found
}

/// `resource "aws_vpc" "main" {`
fn head(line: &str) -> Option<(String, Vec<String>)> {
    let before = line.split_once('{')?.0.trim();
    let (kind, rest) = before.split_once([' ', '\t', '"'])?;
    let is_word = !kind.is_empty() && kind.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let labels = before[kind.len()..].split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    (is_word && !rest.is_empty() && !labels.is_empty()).then(|| (kind.to_owned(), labels))
}

/// `source = "./modules/net"`
fn source(line: &str) -> Option<String> {
    let value = line.trim().strip_prefix("source")?.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
    value.split_once('"').map(|(path, _)| path.to_owned())
}

/// What lines so far have opened.
#[derive(Default)]
struct Scan {
    depth: usize,
    comment: bool,
    /// The word that ends a heredoc.
    heredoc: Option<String>,
}

impl Scan {
    fn is_code(&self) -> bool {
        !self.comment && self.heredoc.is_none()
    }

    fn line(&mut self, line: &str) {
        if let Some(end) = &self.heredoc {
            if line.trim() == end {
                self.heredoc = None;
            }
            return;
        }
        let (mut rest, mut quoted) = (line, false);
        while let Some(c) = rest.chars().next() {
            let next = &rest[c.len_utf8()..];
            if self.comment {
                self.comment = !rest.starts_with("*/");
            } else if quoted {
                if c == '\\' {
                    rest = next.get(next.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
                    continue;
                }
                quoted = c != '"';
            } else if c == '#' || rest.starts_with("//") {
                return;
            } else if let Some(word) = rest.strip_prefix("<<") {
                let word: String =
                    word.trim_start_matches('-').chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !word.is_empty() {
                    self.heredoc = Some(word);
                    return;
                }
            } else {
                match c {
                    '"' => quoted = true,
                    '/' if next.starts_with('*') => self.comment = true,
                    '{' => self.depth += 1,
                    '}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
            }
            rest = next;
        }
    }
}

#[cfg(test)]
#[path = "blocks_tests.rs"]
mod tests;
