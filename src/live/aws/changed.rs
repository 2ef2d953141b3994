//! Reads again only what has changed since everything was read last: an item that is known is not asked for a second time.
//!
//! The listing is asked for each time: it alone decides what is there, so that nothing that is gone, or new, is hidden by what is
//! remembered. SELECT, ordered by the time of capture, tells what is newer than what is remembered. It is not believed blindly:
//! the answer has to hold the newest resource that is remembered and to be in the order it was asked for in. Whatever is not
//! leaves the type to a full reading, and so do types SELECT was not right about when everything was read.
//! What SELECT learns late it still learns: each time everything is asked for that was captured since shortly before the last full
//! reading, and after a day all is read anew.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, future, stream};
use jiff::{SignedDuration, Timestamp};

use super::full::{How, Read, TYPES_AT_ONCE};
use super::items::{self, Item};
use super::listing;
use super::memory::Types;
use super::proof::is_same;
use super::reader::Reader;
use super::select::{self, Rows};
use super::tags;
use super::target::{Key, Progress};

/// What is captured may be told this much later.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// Of what is remembered, those of the types that can be read so.
pub(super) fn fit(mut remembered: Types, types: &[Arc<str>]) -> Types {
    remembered.retain(|t, (proof, _)| proof.selected && types.contains(t));
    remembered
}

/// Reads these types. Those that are not complete afterwards are in doubt; nothing else is said of them.
pub(super) async fn read(
    reader: Reader<'_>,
    known: Types,
    how: &How<'_>,
    full_at: Timestamp,
    progress: &Progress<'_>,
) -> Read {
    let from = full_at.checked_sub(LATE).unwrap_or(full_at).as_millisecond();
    let ((rows, believed), mut listed) = future::join(ask_all(reader, &known, from), list(reader, &known)).await;
    let (mut read, mut again, mut spare) = (Read::default(), vec![], HashMap::new());
    for (config_type, (proof, remembered)) in known.into_iter().filter(|(t, _)| believed.contains(&**t)) {
        let Some(there) = listed.remove(&config_type) else { continue };
        let news = news(remembered, there, &rows);
        progress.listed(news.kept.len() + news.again.len());
        progress.fetched(news.kept.len());
        read.items.extend(news.kept);
        again.extend(news.again);
        spare.extend(news.spare_tags);
        read.complete.insert(config_type, proof);
    }
    let fetched = items::fetch(reader, items::in_batches(&again), progress).await;
    let failed: HashSet<&str> = fetched.faults.iter().map(|fault| fault.config_type.as_str()).collect();
    read.items.extend(fetched.items);
    read.complete.retain(|t, _| !failed.contains(&**t));
    read.items.retain(|item| read.complete.contains_key(&item.key.config_type));
    for item in read.items.iter_mut().filter(|item| !item.has_tags) {
        let of_row = rows.get(&item.key).and_then(|row| Some((row.tags.as_deref()?, row.captured)));
        let of_before = || spare.get(&item.key).map(|(tags, captured): &(String, i64)| (tags.as_str(), *captured));
        if let Some((tags, captured)) = of_row.or_else(of_before) {
            item.give_tags(tags);
            // Tags may lag behind the item: as long as they do it is read again.
            item.captured = item.captured.min(captured);
        }
    }
    let filled = tags::fill(reader, &mut read.items, how.tagged).await;
    for (config_type, proof) in &mut read.complete {
        proof.selected &= !filled.elsewhere.contains(&**config_type);
    }
    read.notices.extend(filled.notice);
    read
}

/// What is there, of the types that were listed to the end.
async fn list(reader: Reader<'_>, known: &Types) -> HashMap<Arc<str>, BTreeSet<Key>> {
    let types: Vec<Arc<str>> = known.keys().cloned().collect();
    let pages = stream::iter(types).map(|t| Box::pin(listing::pages(reader, t, false)));
    let mut pages = pages.flatten_unordered(TYPES_AT_ONCE);
    let mut listed: HashMap<Arc<str>, BTreeSet<Key>> = HashMap::new();
    let mut complete = HashSet::new();
    while let Some(page) = pages.next().await {
        listed.entry(Arc::clone(&page.config_type)).or_default().extend(page.keys);
        if matches!(page.end, Some(Ok(()))) {
            complete.insert(page.config_type);
        }
    }
    listed.retain(|t, _| complete.contains(t));
    listed
}

/// What is new, and the types for which that is believed.
async fn ask_all(reader: Reader<'_>, known: &Types, from: i64) -> (Rows, HashSet<String>) {
    let names: Vec<&str> = known.keys().map(|t| &**t).collect();
    let queries = select::queries(&names, &BTreeMap::new());
    let answers = future::join_all(queries.iter().map(|types| ask(reader, types, known, from))).await;
    let (mut rows, mut believed) = (Rows::new(), HashSet::new());
    for (types, answer) in queries.into_iter().zip(answers) {
        if let Some(answer) = answer {
            rows.extend(answer);
            believed.extend(types);
        }
    }
    (rows, believed)
}

/// `None`: the answer shows that it cannot be relied on.
async fn ask(reader: Reader<'_>, types: &[String], known: &Types, from: i64) -> Option<Rows> {
    let remembered = types.iter().filter_map(|t| known.get(t.as_str())).flat_map(|(_, items)| items);
    let newest = remembered.max_by_key(|item| item.captured)?;
    let rows = match select::since(reader, types, from.min(newest.captured)).await {
        Ok(rows) => rows?,
        Err(fault) => {
            tracing::info!(%fault, "what has changed is not known by SELECT");
            return None;
        }
    };
    let holds_the_newest = rows.get(&newest.key).is_some_and(|row| row.captured >= newest.captured);
    holds_the_newest.then_some(rows)
}

/// A type, sorted out.
struct News {
    kept: Vec<Item>,
    again: Vec<Key>,
    /// Tags of items that are read again although nothing changed, and of when.
    spare_tags: Vec<(Key, (String, i64))>,
}

/// What is not listed any more is gone, whatever is remembered of it or SELECT says.
fn news(remembered: Vec<Item>, mut there: BTreeSet<Key>, rows: &Rows) -> News {
    let remembered: Vec<Item> = remembered.into_iter().filter(|item| there.remove(&item.key)).collect();
    let mut news = News { kept: vec![], again: there.into_iter().collect(), spare_tags: vec![] };
    for mut item in remembered {
        let has_changed = rows.get(&item.key).is_some_and(|row| !is_same(&item, row));
        if !has_changed && !item.text.is_empty() {
            news.kept.push(item);
            continue;
        }
        let spare = item.spare_tags.take().filter(|_| !has_changed);
        news.spare_tags.extend(spare.map(|tags| (item.key.clone(), (tags, item.captured))));
        news.again.push(item.key);
    }
    news
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::select::Row;
    use super::*;

    fn item(id: &str, captured: i64) -> Item {
        let body = json!({"configurationItemCaptureTime": captured as f64 / 1000.0, "configuration": "{}"});
        Item::new(Key::here(&"T".into(), id), body.as_object().unwrap())
    }

    fn sorted(remembered: Vec<Item>, there: &[&str], rows: &[(&str, i64)]) -> (Vec<String>, Vec<String>) {
        let row =
            |(id, captured): &(&str, i64)| (Key::here(&"T".into(), id), Row { captured: *captured, ..Row::default() });
        let rows = rows.iter().map(row).collect();
        let news = news(remembered, there.iter().map(|id| Key::here(&"T".into(), id)).collect(), &rows);
        let ids = |keys: Vec<Key>| keys.into_iter().map(|key| key.id).collect();
        (news.kept.into_iter().map(|item| item.key.id).collect(), ids(news.again))
    }

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|t| (*t).to_owned()).collect()
    }

    #[test]
    fn what_is_newer_new_or_was_not_kept_is_read_again_and_nothing_else() {
        let hidden = Item { text: String::new(), ..item("c", 1000) };
        let remembered = vec![item("a", 1000), item("b", 2000), hidden];
        let rows = [("a", 1000), ("b", 3000), ("d", 4000)];
        let sorted = sorted(remembered, &["a", "b", "c", "d"], &rows);
        assert_eq!(sorted, (texts(&["a"]), texts(&["d", "b", "c"])));
    }

    #[test]
    fn the_listing_alone_says_what_is_there() {
        let remembered = || vec![item("a", 1000), item("b", 2000)];
        let rows = [("a", 1000), ("b", 2000)];
        assert_eq!(sorted(remembered(), &["a"], &rows), (texts(&["a"]), vec![]), "gone, though SELECT still has it");
        assert_eq!(
            sorted(remembered(), &["a", "c"], &[]),
            (texts(&["a"]), texts(&["c"])),
            "one came for one that went"
        );
        assert_eq!(sorted(remembered(), &[], &rows), (vec![], vec![]), "all is gone");
    }
}
