//! Answers beside what was decided: hash of the name → zeros [8], µs [8], hash of the request [32], the answer.

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, Writer, keys, once};
use crate::drift::Once;
use crate::store::{Answers, Store, StoreError};

/// Where the answer begins.
const ANSWER: usize = 48;

impl Answers for TreeStore {
    fn answer(&self, once: &Once) -> Result<Option<String>, StoreError> {
        self.known_answer(&Tx::new(self, self.now()), once)
    }

    fn keep_answer(&self, once: &Once, answer: &str) -> Result<(), StoreError> {
        if self.read_only().is_some() {
            return Ok(());
        }
        let mut writer = self.writer();
        let tx = Tx::new(self, self.now());
        if self.known_answer(&tx, once)?.is_some() {
            return Ok(());
        }
        self.put_answer(&mut writer, tx, once, answer)
    }

    fn is_first(&self, once: &Once) -> Result<bool, StoreError> {
        self.writable()?;
        let mut writer = self.writer();
        let tx = Tx::new(self, self.now());
        match self.known_answer(&tx, once) {
            Ok(None) => self.put_answer(&mut writer, tx, once, "{}").map(|()| true),
            Ok(Some(_)) | Err(StoreError::Reused) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl TreeStore {
    fn put_answer(&self, writer: &mut Writer, mut tx: Tx<'_>, once: &Once, answer: &str) -> Result<(), StoreError> {
        let Some(mark) = self.mark_of(Some(once)) else { return Ok(()) };
        let value = [&[0; 8][..], &keys::micros(tx.now), mark.request.as_bytes(), answer.as_bytes()].concat();
        tx.put(Tree::Once, mark.key.into_bytes(), value);
        writer.commits += 1;
        tx.commit(true)
    }

    fn known_answer(&self, tx: &Tx<'_>, once: &Once) -> Result<Option<String>, StoreError> {
        let Some(mark) = self.mark_of(Some(once)) else { return Ok(None) };
        let Some(known) = once::known(tx, &mark)? else { return Ok(None) };
        if known.get(16..ANSWER) != Some(mark.request.as_bytes()) {
            return Err(StoreError::Reused);
        }
        let answer = known.get(ANSWER..).unwrap_or_default();
        Ok((!answer.is_empty()).then(|| String::from_utf8_lossy(answer).into_owned()))
    }
}
