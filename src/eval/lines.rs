//! Files of one JSON object a line, alone or in a folder.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

/// The file itself, or the `*.jsonl` files of a folder, sorted by name.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in path.read_dir()? {
        let file = entry?.path();
        if file.extension().is_some_and(|e| e == "jsonl") {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(io::Error::other("holds no *.jsonl file"));
    }
    Ok(files)
}

/// The lines that are not empty, numbered from 1, or why one could not be read. After a line that is no UTF-8 the others follow;
/// after any other failure (a folder, a broken disk) there is nothing more to read. A byte order mark is no part of the first line.
pub fn lines(path: &Path) -> io::Result<impl Iterator<Item = (usize, io::Result<String>)>> {
    let mut is_over = false;
    let lines = BufReader::new(File::open(path)?).lines().enumerate();
    let lines = lines.map_while(move |(at, line)| {
        let was_over = is_over;
        is_over |= line.as_ref().is_err_and(|e| e.kind() != ErrorKind::InvalidData);
        (!was_over).then_some((at + 1, line))
    });
    let unmarked = |(number, line): (usize, io::Result<String>)| {
        let line = line.map(|mut line| {
            if number == 1 && line.starts_with('\u{feff}') {
                line.remove(0);
            }
            line
        });
        (number, line)
    };
    let is_empty = |line: &io::Result<String>| line.as_ref().is_ok_and(|line| line.trim().is_empty());
    Ok(lines.map(unmarked).filter(move |(_, line)| !is_empty(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_told_once_and_a_line_that_is_no_text_does_not_end_a_file() {
        let home = tempfile::tempdir().unwrap();
        // Linux opens a folder, and every read of it fails.
        let told: Vec<_> = lines(home.path()).map(|lines| lines.take(3).collect()).unwrap_or_default();
        assert!(told.len() <= 1 && told.iter().all(|(_, line)| line.is_err()), "{told:?}");
        let file = home.path().join("a.jsonl");
        std::fs::write(&file, b"\xef\xbb\xbfone\n\n\xff\xfe\n\xef\xbb\xbftwo\n").unwrap();
        let told: Vec<(usize, Option<String>)> = lines(&file).unwrap().map(|(at, line)| (at, line.ok())).collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(told, [(1, text("one")), (3, None), (4, text("\u{feff}two"))]);
    }

    #[test]
    fn a_folder_stands_for_its_files_of_lines_by_name() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(files(home.path()).unwrap_err().to_string(), "holds no *.jsonl file");
        for name in ["b.jsonl", "a.jsonl", "notes.txt"] {
            std::fs::write(home.path().join(name), "").unwrap();
        }
        assert_eq!(files(home.path()).unwrap(), ["a.jsonl", "b.jsonl"].map(|name| home.path().join(name)));
        assert_eq!(files(&home.path().join("none")).unwrap(), [home.path().join("none")], "whoever opens it says so");
    }
}
