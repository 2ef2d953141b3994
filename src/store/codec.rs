//! How a value lies in the tree: `[schema u16][flags u8][crc32c u32][body]`, big-endian.
//!
//! The body is JSON, compressed when that makes it smaller; above 4 KiB it is an object beside the tree and the body is its
//! hash. The checksum is ours because not every engine checks what it reads.

use std::cell::RefCell;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::objects::{ObjectHash, Objects};

/// Of the values; a reader refuses newer ones. 1 knew no dictionary.
pub(super) const SCHEMA: u16 = 2;
const ZSTD: u8 = 1;
const OBJECT: u8 = 2;
/// Compressed against [`DICTIONARY`].
const SHARED: u8 = 4;
/// What records have in common, the most common last: it saves two thirds of a record's room and half of the work. Never to be
/// changed, or what was written with it cannot be read; a better one needs a flag of its own.
const DICTIONARY: &[u8] = include_bytes!("dictionary.txt");
/// The work is in the search, and what is to be found stands in the dictionary.
const LEVEL: i32 = 1;
const HEADER: usize = 7;
/// Larger values make the engine leak space when they are rewritten.
const INLINE_MAX: usize = 4096;
/// Below this compression gains nothing.
const COMPRESS_MIN: usize = 100;
/// No value of ours comes near it; a damaged length must not ask for all memory.
const PLAIN_MAX: usize = 1 << 30;

/// The bytes for the tree. A large value is on the disk as an object when this returns.
pub(super) fn encode<T: Serialize>(value: &T, objects: &Objects) -> Result<Vec<u8>, StoreError> {
    let mut json = Vec::with_capacity(1024);
    serde_json::to_writer(&mut json, value).map_err(|e| StoreError::Invalid(format!("cannot be stored: {e}")))?;
    let (mut flags, body) = squeeze(json);
    let body = if body.len() > INLINE_MAX && objects.takes_large() {
        flags |= OBJECT;
        objects.put(&body)?.to_vec()
    } else {
        body
    };
    let mut out = Vec::with_capacity(HEADER + body.len());
    out.extend_from_slice(&SCHEMA.to_be_bytes());
    out.push(flags);
    out.extend_from_slice(&checksum(&out[..3], &body).to_be_bytes());
    out.extend_from_slice(&body);
    Ok(out)
}

/// Reads what [`encode`] wrote; `tree` is for the error only.
pub(super) fn decode<T: DeserializeOwned>(tree: &str, bytes: &[u8], objects: &Objects) -> Result<T, StoreError> {
    let (flags, body) = open(tree, bytes)?;
    let json = match object_hash(flags, body) {
        Some(hash) => expand(tree, flags, &objects.get(&hash)?)?,
        None => expand(tree, flags, body)?,
    };
    serde_json::from_slice(&json).map_err(|e| damaged(tree, &e.to_string()))
}

fn open<'a>(tree: &str, bytes: &'a [u8]) -> Result<(u8, &'a [u8]), StoreError> {
    let (Some(head), Some(body)) = (bytes.get(..HEADER), bytes.get(HEADER..)) else {
        return Err(damaged(tree, "the record is cut short"));
    };
    if head[3..] != checksum(&head[..3], body).to_be_bytes() {
        return Err(damaged(tree, "the checksum does not match"));
    }
    match u16::from_be_bytes([head[0], head[1]]) {
        schema if schema > SCHEMA => {
            Err(damaged(tree, &format!("the record has schema {schema}, newer than {SCHEMA}")))
        }
        _ => Ok((head[2], body)),
    }
}

fn object_hash(flags: u8, body: &[u8]) -> Option<ObjectHash> {
    if flags & OBJECT == 0 { None } else { body.try_into().ok() }
}

/// The object a value lies in, if it does. Damaged values are believed too: what they point to may be looked at by somebody.
pub(super) fn refers_to(bytes: &[u8]) -> Option<ObjectHash> {
    object_hash(*bytes.get(2)?, bytes.get(HEADER..)?)
}

fn checksum(head: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(head), body)
}

fn damaged(tree: &str, detail: &str) -> StoreError {
    StoreError::Damaged { tree: tree.into(), detail: detail.into() }
}

thread_local! {
    // Making a compressor costs more than compressing one record.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> =
        RefCell::new(zstd::bulk::Compressor::with_dictionary(LEVEL, DICTIONARY).ok());
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
        RefCell::new(zstd::bulk::Decompressor::with_dictionary(DICTIONARY).ok());
    static PLAIN_DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
        RefCell::new(zstd::bulk::Decompressor::new().ok());
}

/// Flags and body: `[plain length u32][zstd]` when that is smaller, else the bytes as they are.
fn squeeze(json: Vec<u8>) -> (u8, Vec<u8>) {
    let Ok(length) = u32::try_from(json.len()) else { return (0, json) };
    if json.len() < COMPRESS_MIN {
        return (0, json);
    }
    let packed = COMPRESSOR.with_borrow_mut(|c| c.as_mut().and_then(|c| c.compress(&json).ok()));
    match packed {
        Some(packed) if packed.len() + 4 < json.len() => (ZSTD | SHARED, [&length.to_be_bytes()[..], &packed].concat()),
        _ => (0, json),
    }
}

fn expand(tree: &str, flags: u8, body: &[u8]) -> Result<Vec<u8>, StoreError> {
    if flags & ZSTD == 0 {
        return Ok(body.to_vec());
    }
    let (length, packed) = body.split_first_chunk::<4>().ok_or_else(|| damaged(tree, "the body is cut short"))?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > PLAIN_MAX {
        return Err(damaged(tree, "the body claims an impossible length"));
    }
    let decompressor = if flags & SHARED == 0 { &PLAIN_DECOMPRESSOR } else { &DECOMPRESSOR };
    decompressor
        .with_borrow_mut(|d| d.as_mut().map(|d| d.decompress(packed, length)))
        .and_then(Result::ok)
        .ok_or_else(|| damaged(tree, "the body does not decompress"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn objects() -> (tempfile::TempDir, Objects) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("objects")).unwrap();
        let objects = Objects::new(dir.path());
        (dir, objects)
    }

    fn noise(n: u64) -> Value {
        (0..n).map(|i| Value::from(blake3::hash(&i.to_le_bytes()).to_hex().to_string())).collect()
    }

    #[test]
    fn values_of_every_size_read_back_exactly() {
        let (_dir, objects) = objects();
        let big: Value = serde_json::from_str("{\"n\":123456789012345678901234567890.10}").unwrap();
        for (value, is_object) in
            [(Value::from("x"), false), (Value::from("a".repeat(9000)), false), (noise(500), true), (big, false)]
        {
            let bytes = encode(&value, &objects).unwrap();
            assert!(bytes.len() <= HEADER + INLINE_MAX);
            assert_eq!(bytes[2] & OBJECT != 0, is_object);
            assert_eq!(decode::<Value>("t", &bytes, &objects).unwrap(), value);
        }
    }

    #[test]
    fn the_dictionary_is_the_one_that_records_were_written_with() {
        let known = "1c6f4b3f2020fa3885ca76fcb735b6d61339372ed5caa340a802fab0663bac85";
        assert_eq!(
            blake3::hash(DICTIONARY).to_hex().as_str(),
            known,
            "a changed dictionary makes every record unreadable"
        );
    }

    #[test]
    fn a_record_of_the_first_schema_still_reads() {
        let (_dir, objects) = objects();
        let json = serde_json::to_vec(&"a".repeat(300)).unwrap();
        let packed = zstd::bulk::compress(&json, 3).unwrap();
        let body = [&(json.len() as u32).to_be_bytes()[..], &packed].concat();
        let head = [0, 1, ZSTD];
        let bytes = [&head[..], &checksum(&head, &body).to_be_bytes(), &body].concat();
        assert_eq!(decode::<String>("t", &bytes, &objects).unwrap(), "a".repeat(300));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let (_dir, objects) = objects();
        let bytes = encode(&Value::from("a".repeat(300)), &objects).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(decode::<Value>("t", &bad, &objects).is_err(), "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert!(decode::<Value>("t", &bytes[..cut], &objects).is_err(), "cut {cut}");
        }
    }
}
