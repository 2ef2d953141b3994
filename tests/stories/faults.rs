//! The store against disks that fill up, bits that flip and power that fails.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use driftguard::drift::*;
use driftguard::store::{Store, StoreError};
use rustix::process::{Pid, Signal, kill_process};

use crate::store::{SmallDisk, acknowledge, all, assert_sound, finding, note, process, scan, write};

#[test]
fn a_disk_that_fills_up_anywhere_keeps_what_was_acknowledged_and_can_be_read() {
    let Some(disk) = SmallDisk::mount("24m") else { return };
    for point in 0..20 {
        let path = disk.0.path().join(format!("store{point}"));
        fill_up_and_recover(&disk, &path, point * 3 * 4096);
        std::fs::remove_dir_all(&path).unwrap();
    }
}

/// Decides until the disk refuses, with `free` bytes left at first; then starts again, on the full disk and with room.
fn fill_up_and_recover(disk: &SmallDisk, path: &Path, free: usize) {
    let store = write(path).store;
    let drifts = scan(&*store, (0..20).map(|n| finding(&format!("r{n}"))).collect());
    disk.fill(free);
    let mut acked = 0;
    let refused = loop {
        match store.decide(note(drifts[0].id, &"x".repeat(100_000))) {
            Ok(receipt) => acked = receipt.seq,
            Err(error) => break error,
        }
        assert!(acked < 10_000, "{free} bytes never filled up");
    };
    assert!(matches!(refused, StoreError::Full(_)), "{refused}");
    assert!(store.read_only().is_some());
    assert_eq!(all(&*store).len(), 20, "what is known can be read");
    assert!(store.drift(drifts[7].id).unwrap().actual_state.is_some());
    drop(store);
    disk.fill(0);
    let opened = write(path);
    assert!(opened.store.read_only().is_some(), "{free}: {:?}", opened.notices);
    assert_eq!(all(&*opened.store).len(), 20);
    assert!(opened.store.audit(1).unwrap().first().map_or(0, |a| a.seq) >= acked);
    drop(opened);
    std::fs::remove_file(disk.0.path().join("filler")).unwrap();
    let opened = write(path);
    assert_eq!(opened.store.read_only(), None, "{:?}", opened.notices);
    let audit = opened.store.audit(1_000_000).unwrap();
    assert!(audit.len() as u64 >= acked && audit.iter().rev().map(|a| a.seq).eq(1..=audit.len() as u64));
    opened.store.decide(acknowledge(drifts[1].id)).unwrap();
    assert_sound(&*opened.store);
}

/// What a person sees of each drift, by address.
fn seen(store: &dyn Store) -> BTreeMap<String, (State, String)> {
    let shown = |event: DriftEvent| {
        let body = store.drift(event.id).map(|detail| format!("{:?}", detail.actual_state)).unwrap_or_default();
        (event.resource.resource_id.raw().to_owned(), (event.state, body))
    };
    all(store).into_iter().map(shown).collect()
}

#[test]
fn no_flipped_bit_shows_a_wrong_value_or_loses_a_decision() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = write(&path).store;
    let drifts = scan(&*store, (0..40).map(|n| finding(&format!("r{n}"))).collect());
    for drift in &drifts[..10] {
        store.decide(acknowledge(drift.id)).unwrap();
    }
    let right = seen(&*store);
    drop(store);
    let db = path.join("tree/db");
    // The engine makes its file longer than what is written to it.
    let used = std::fs::read(&db).unwrap().iter().rposition(|byte| *byte != 0).unwrap() as u64;
    let whole = copy_of(&path, dir.path());
    for n in 0..200 {
        std::fs::remove_dir_all(&path).unwrap();
        copy_tree(&whole, &path);
        flip(&db, (n * used / 200) + n % 7, n % 8);
        let opened = write(&path);
        for (id, shown) in seen(&*opened.store) {
            assert!(right[&id] == shown || shown.1.is_empty(), "flip {n}: {id} is {shown:?}");
        }
        let told = opened.store.audit(100).unwrap().into_iter().filter(|one| one.verb.is_some()).count();
        assert_eq!(told, 10, "flip {n}: {:?}", opened.notices);
    }
}

fn flip(path: &Path, at: u64, bit: u64) {
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 1 << bit]).unwrap();
}

fn copy_of(path: &Path, beside: &Path) -> PathBuf {
    let copy = beside.join("whole");
    copy_tree(path, &copy);
    copy
}

/// Without the room that is kept for bad times: it would take most of the time.
fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten().filter(|entry| entry.file_name() != "ballast") {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_tree(&entry.path(), &target),
            false => std::fs::copy(entry.path(), &target).map(|_| ()).unwrap(),
        }
    }
}

/// A file system in a file; unmounted when dropped.
struct LoopDisk(PathBuf);

impl LoopDisk {
    fn mount(image: &Path, at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let done = Command::new("mount").args(["-o", "loop"]).arg(image).arg(at).output();
        done.is_ok_and(|done| done.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Copies the disk under a working process, which is what a power cut leaves: what was synced and perhaps more. Runs for about
/// a second a round; `DRIFTGUARD_TEST_CUTS` sets another number than 12.
#[test]
#[ignore = "mounts file systems and takes a while: cargo test -- --ignored power"]
fn a_power_cut_loses_no_acknowledged_decision() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("disk");
    std::fs::File::create(&image).unwrap().set_len(96 << 20).unwrap();
    let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).output();
    let disk = made.ok().and_then(|_| LoopDisk::mount(&image, &dir.path().join("live")));
    let Some(disk) = disk else { return eprintln!("SKIPPED: file systems in a file cannot be mounted here") };
    let mut child = process("a_process_that_decides", &disk.0.join("store"));
    let pid = Pid::from_child(&child.0);
    let (acks, acked) = std::sync::mpsc::channel();
    let lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    std::thread::spawn(move || {
        let seqs = lines.map_while(Result::ok).filter_map(|l| l.rsplit_once("acked ")?.1.parse::<u64>().ok());
        seqs.map_while(|seq| acks.send(seq).ok()).for_each(drop);
    });
    let mut last = acked.recv().unwrap();
    let cuts = std::env::var("DRIFTGUARD_TEST_CUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    for cut in 0..cuts {
        std::thread::sleep(Duration::from_millis(200 + cut * 137 % 400));
        kill_process(pid, Signal::STOP).unwrap();
        last = acked.try_iter().last().unwrap_or(last);
        let copy = dir.path().join("copy");
        std::fs::copy(&image, &copy).unwrap();
        kill_process(pid, Signal::CONT).unwrap();
        check_after_cut(cut, &copy, &dir.path().join("cut"), last);
    }
    println!("{cuts} power cuts, {last} decisions acknowledged, none lost");
    child.kill_nine();
}

fn check_after_cut(cut: u64, image: &Path, at: &Path, acked: u64) {
    let disk = LoopDisk::mount(image, at).expect("the journal of the file system recovers");
    let opened = write(&disk.0.join("store"));
    assert!(!opened.notices.iter().any(|n| n.contains("quarantine")), "cut {cut}: {:?}", opened.notices);
    let audit = opened.store.audit(1_000_000).unwrap();
    assert!(audit[0].seq >= acked, "cut {cut}: {acked} were acknowledged, {} are there", audit[0].seq);
    assert!(audit.iter().rev().map(|a| a.seq).eq(1..=audit[0].seq), "cut {cut}: no gaps");
    assert_sound(&*opened.store);
}
