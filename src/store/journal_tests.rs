//! The journal against torn writes, flipped bits and missing files.

use super::*;

fn open(store: &Path) -> Result<(Journal, u64, Vec<Vec<u8>>), StoreError> {
    let mut seen = Vec::new();
    let (journal, torn) = Journal::open(store, Probe::default(), &mut |seq, payload| {
        assert_eq!(seq as usize, seen.len() + 1);
        seen.push(payload.to_vec());
        Ok(())
    })?;
    Ok((journal, torn, seen))
}

fn store_of(payloads: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, ..) = open(dir.path()).unwrap();
    for payload in payloads {
        journal.append(&[payload.as_bytes().to_vec()]).unwrap();
    }
    dir
}

fn only_file(store: &Path) -> PathBuf {
    store.join("journal/000001.dgj")
}

#[test]
fn an_append_cut_at_any_byte_loses_only_itself() {
    let dir = store_of(&["first", "second", "the last one"]);
    let whole = fs::read(only_file(dir.path())).unwrap();
    let before_last = whole.len() - HEADER - "the last one".len();
    for cut in before_last..whole.len() {
        fs::write(only_file(dir.path()), &whole[..cut]).unwrap();
        let (mut journal, torn, seen) = open(dir.path()).unwrap();
        assert_eq!((seen.len(), torn as usize), (2, cut - before_last), "cut at {cut}");
        journal.append(&[b"again".to_vec()]).unwrap();
        assert_eq!(open(dir.path()).unwrap().2.last().unwrap(), b"again");
    }
}

#[test]
fn space_that_was_never_written_is_a_torn_end() {
    let dir = store_of(&["first"]);
    let mut bytes = fs::read(only_file(dir.path())).unwrap();
    bytes.extend_from_slice(&[0; 4096]);
    fs::write(only_file(dir.path()), bytes).unwrap();
    let (_, torn, seen) = open(dir.path()).unwrap();
    assert_eq!((torn, seen.len()), (4096, 1));
}

#[test]
fn every_flipped_bit_stops_the_store() {
    let dir = store_of(&["first", "second"]);
    let whole = fs::read(only_file(dir.path())).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut bad = whole.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(only_file(dir.path()), &bad).unwrap();
        let error = open(dir.path()).err().unwrap_or_else(|| panic!("bit {bit} went unnoticed"));
        assert!(matches!(error, StoreError::Damaged { .. }), "bit {bit}: {error}");
        assert_eq!(fs::read(only_file(dir.path())).unwrap(), bad, "a damaged journal is left as it is");
    }
}

#[test]
fn a_forged_frame_with_right_checksums_breaks_the_chain() {
    let dir = store_of(&["first", "second"]);
    let (first, second) = (frame(Tip::default(), b"FORGED").unwrap(), fs::read(only_file(dir.path())).unwrap());
    let forged = [&first[..], &second[HEADER + "first".len()..]].concat();
    fs::write(only_file(dir.path()), forged).unwrap();
    assert!(open(dir.path()).err().unwrap().to_string().contains("does not continue"));
}

#[test]
fn it_rotates_and_misses_a_lost_file() {
    let dir = store_of(&[]);
    let (mut journal, ..) = open(dir.path()).unwrap();
    journal.set_rotation(100);
    for n in 0..20 {
        journal.append(&[format!("payload {n}").into_bytes()]).unwrap();
    }
    assert_eq!(open(dir.path()).unwrap().2.len(), 20);
    assert!(numbers(&dir.path().join("journal")).unwrap().len() > 5);
    fs::remove_file(dir.path().join("journal/000003.dgj")).unwrap();
    assert!(matches!(open(dir.path()), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_failed_sync_leaves_no_half_frame_behind() {
    let dir = store_of(&["first"]);
    let fail = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let flag = fail.clone();
    let probe = Probe::new(move |step| match step {
        Step::JournalSync if flag.load(std::sync::atomic::Ordering::SeqCst) => Err(io::ErrorKind::StorageFull.into()),
        _ => Ok(()),
    });
    let (mut journal, _) = Journal::open(dir.path(), probe, &mut |_, _| Ok(())).unwrap();
    assert!(journal.append(&[b"lost".to_vec()]).is_err());
    fail.store(false, std::sync::atomic::Ordering::SeqCst);
    journal.append(&[b"kept".to_vec()]).unwrap();
    assert_eq!(open(dir.path()).unwrap().2, [b"first".to_vec(), b"kept".to_vec()]);
}
