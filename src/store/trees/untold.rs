//! What the last scan of each environment hid or could not verify: a list per environment, written whole, read by windows.

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, keys, scan};
use crate::drift::{ScanId, Slug, Untold, UntoldPage, UntoldRequest};
use crate::store::{StoreError, codec};

/// Rows of one window.
const LIMIT_MAX: usize = 500;

/// In [`Tree::Meta`]: the hash of the list that lies there.
pub(super) fn hash_key(slug: &Slug) -> Vec<u8> {
    [b"untold/", slug.as_str().as_bytes()].concat()
}

fn row_key(slug: &Slug, row: usize) -> Vec<u8> {
    let row = u32::try_from(row).unwrap_or(u32::MAX);
    [&keys::environment(slug)[..], &row.to_be_bytes()].concat()
}

impl TreeStore {
    /// The list as it lies there is left alone: most scans see what the last one saw.
    pub(super) fn keep_untold_impl(&self, scan: ScanId, rows: &[Untold]) -> Result<(), StoreError> {
        self.writable()?;
        let mut writer = self.writer();
        let (slug, _) = scan::running(&mut writer, scan)?;
        self.engine.fence(&slug);
        let encoded: Vec<Vec<u8>> =
            rows.iter().map(|row| codec::encode(row, &self.objects)).collect::<Result<_, _>>()?;
        let mut hasher = blake3::Hasher::new();
        for row in &encoded {
            hasher.update(&(row.len() as u64).to_le_bytes()).update(row);
        }
        let hash = hasher.finalize().as_bytes().to_vec();
        if self.engine.get(Tree::Meta, &hash_key(&slug))?.as_deref() == Some(&hash[..]) {
            return Ok(());
        }
        let mut tx = Tx::new(self, self.now());
        for key in self.engine.tree(Tree::Untold).scan_prefix(keys::environment(&slug)).keys() {
            tx.delete(Tree::Untold, key?.to_vec());
        }
        for (at, row) in encoded.into_iter().enumerate() {
            tx.put(Tree::Untold, row_key(&slug, at), row);
        }
        tx.put(Tree::Meta, hash_key(&slug), hash);
        writer.commits += 1;
        tx.commit(false)
    }

    pub(super) fn untold_impl(&self, request: &UntoldRequest) -> Result<UntoldPage, StoreError> {
        let words: Vec<String> = request.text.split_whitespace().map(str::to_lowercase).collect();
        let limit = request.limit.clamp(1, LIMIT_MAX);
        let last = self.last_scan_impl(&request.environment)?;
        let mut page = UntoldPage { from: request.from, ..UntoldPage::default() };
        for row in self.untold_rows(&request.environment) {
            page.kept += 1;
            let Some(row) = row?.filter(|row| row.has_words(&words)) else { continue };
            if page.matching >= request.from && page.rows.len() < limit {
                page.rows.push(row);
            }
            page.matching += 1;
        }
        let counted = last.as_ref().map_or(0, |scan| scan.counts.hidden_changes + scan.counts.unverified_properties);
        // After a scan that was cancelled the list is the one of the scan before.
        page.counted = counted.max(page.kept as u64);
        page.scanned_at = last.map(|scan| scan.finished_at);
        Ok(page)
    }

    /// All that is kept, and whether that is all there is.
    pub(super) fn untold_of(&self, slug: &Slug) -> Result<(Vec<Untold>, bool), StoreError> {
        let rows: Vec<Untold> = self.untold_rows(slug).filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let hidden = rows.iter().filter(|row| row.hidden().is_some()).count() as u64;
        let counted = self.last_scan_impl(slug)?.map_or(0, |scan| scan.counts.hidden_changes);
        Ok((rows, hidden >= counted))
    }

    /// One that cannot be read is left out, and said so.
    fn untold_rows(&self, slug: &Slug) -> impl Iterator<Item = Result<Option<Untold>, StoreError>> + '_ {
        self.engine.tree(Tree::Untold).scan_prefix(keys::environment(slug)).values().map(|value| {
            let value = value?;
            Ok(codec::decode(Tree::Untold.name(), &value, &self.objects)
                .inspect_err(|error| tracing::warn!(%error, "a hidden difference was left out"))
                .ok())
        })
    }
}
