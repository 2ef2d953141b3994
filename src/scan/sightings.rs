//! Drifts on their way to a report: sorted, and in bounded memory however many there are.
//!
//! They are kept as JSON. What exceeds the budget is sorted and put into a [`Spool`] as one run; reading them back merges the
//! runs.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use super::spool::{HELP, Spool};
use crate::drift::{DriftEvent, DriftId, Score, Sighting};
use crate::safety::Tainted;
use crate::store::StoreError;

/// Bytes of drifts that stay in memory.
const BUDGET: usize = 32 << 20;
/// What a row takes besides its JSON and its names.
const ROW_BYTES: usize = 128;
/// Bytes that are written at a time,
const WRITE_BYTES: usize = 256 << 10;
/// and read, from each run.
const READ_BYTES: usize = 32 << 10;

/// What is settled last, then the worst first, then by resource.
type Key = (bool, Reverse<Score>, Tainted, Tainted);

/// One drift as JSON.
type Row = (Key, Box<[u8]>);

fn key(drift: &Sighting) -> Key {
    let (finding, resource) = (&drift.finding, &drift.finding.resource);
    let worst_first = Reverse(finding.analysis.severity.overall());
    (drift.is_settled(), worst_first, resource.resource_id.clone(), resource.resource_type.clone())
}

/// See the module. Worst first, then by resource id and type; what somebody settled comes last.
pub struct Sightings {
    budget: usize,
    rows: Vec<Row>,
    bytes: usize,
    spool: Spool,
    /// Where each run stands in the spool, in the order of writing.
    runs: Vec<Range<u64>>,
    /// Properties that could not be compared.
    unverified: u64,
    settled: u64,
    count: u64,
    /// Thought about after they were added.
    reconsidered: HashMap<DriftId, DriftEvent>,
}

impl Default for Sightings {
    fn default() -> Self {
        Self::with_budget(BUDGET)
    }
}

impl Sightings {
    fn with_budget(budget: usize) -> Self {
        let spool = Spool::new(WRITE_BYTES);
        let reconsidered = HashMap::new();
        Self { budget, rows: vec![], bytes: 0, spool, runs: vec![], unverified: 0, settled: 0, count: 0, reconsidered }
    }

    /// Adds one. Errors are those of the temporary file, in words for people.
    pub fn push(&mut self, drift: &Sighting) -> Result<(), StoreError> {
        self.add(drift).map_err(|error| {
            let path = std::env::temp_dir();
            let text = format!("a temporary file for what was found: {error}; {HELP}");
            StoreError::Io { path, source: io::Error::new(error.kind(), text) }
        })
    }

    /// It has been thought about since it was added: see [`Sighting::reconsider`]. For a few; they stay in memory.
    pub fn reconsider(&mut self, event: DriftEvent) {
        self.reconsidered.insert(event.id, event);
    }

    fn add(&mut self, drift: &Sighting) -> io::Result<()> {
        let key = key(drift);
        let json = serde_json::to_vec(drift)?.into_boxed_slice();
        self.bytes += json.len() + key.2.raw().len() + key.3.raw().len() + ROW_BYTES;
        self.unverified += drift.finding.unverified.len() as u64;
        self.count += 1;
        self.settled += u64::from(drift.is_settled());
        self.rows.push((key, json));
        if self.bytes > self.budget { self.spill() } else { Ok(()) }
    }

    /// How many nobody settled.
    pub fn open(&self) -> u64 {
        self.count - self.settled
    }

    /// How many somebody ignored, snoozed or accepted.
    pub fn settled(&self) -> u64 {
        self.settled
    }

    /// All of them in order. May be asked for more than once.
    pub fn iter(&self) -> io::Result<Merge<'_>> {
        // Stable: what is equal stays in the order in which it was found.
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let mut sources: Vec<Source<'_>> = vec![];
        let run =
            |range: &Range<u64>| BufReader::with_capacity(READ_BYTES, Run { spool: &self.spool, rest: range.clone() });
        sources.extend(self.runs.iter().map(|range| Source::Run(run(range), vec![])));
        sources.push(Source::Rows(rows.into_iter()));
        let mut merge = Merge { heads: Vec::with_capacity(sources.len()), reconsidered: &self.reconsidered };
        for mut source in sources {
            if let Some(drift) = source.next()? {
                merge.heads.push(Head { key: key(&drift), drift, source });
            }
        }
        Ok(merge)
    }

    /// Properties of all drifts that could not be compared.
    pub fn unverified(&self) -> u64 {
        self.unverified
    }

    /// Whether some drift has properties that could not be compared.
    pub fn has_unverified(&self) -> bool {
        self.unverified > 0
    }

    fn spill(&mut self) -> io::Result<()> {
        self.rows.sort_by(|a, b| a.0.cmp(&b.0));
        let start = self.spool.end();
        for (_, json) in self.rows.drain(..) {
            self.spool.append(&json)?;
            self.spool.append(b"\n")?;
        }
        self.runs.push(start..self.spool.end());
        self.bytes = 0;
        Ok(())
    }
}

/// The drifts of all runs, merged.
pub struct Merge<'a> {
    heads: Vec<Head<'a>>,
    reconsidered: &'a HashMap<DriftId, DriftEvent>,
}

struct Head<'a> {
    key: Key,
    drift: Sighting,
    source: Source<'a>,
}

enum Source<'a> {
    /// With a buffer for lines.
    Run(BufReader<Run<'a>>, Vec<u8>),
    Rows(std::vec::IntoIter<&'a Row>),
}

impl Source<'_> {
    fn next(&mut self) -> io::Result<Option<Sighting>> {
        let json: &[u8] = match self {
            Self::Rows(rows) => match rows.next() {
                Some((_, json)) => json,
                None => return Ok(None),
            },
            Self::Run(reader, line) => {
                line.clear();
                reader.read_until(b'\n', line)?;
                line
            }
        };
        if json.is_empty() { Ok(None) } else { Ok(Some(serde_json::from_slice(json)?)) }
    }
}

impl Iterator for Merge<'_> {
    type Item = io::Result<Sighting>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.first()?;
        Some(next.map(|mut drift| {
            let event = drift.known.as_ref().and_then(|known| self.reconsidered.get(&known.id?));
            event.into_iter().for_each(|event| drift.reconsider(event));
            drift
        }))
    }
}

impl Merge<'_> {
    fn first(&mut self) -> Option<io::Result<Sighting>> {
        // Of equals the first run has the oldest, and `min_by` gives the first.
        let (at, _) = self.heads.iter().enumerate().min_by(|(_, a), (_, b)| a.key.cmp(&b.key))?;
        let head = &mut self.heads[at];
        match head.source.next() {
            Ok(Some(next)) => {
                head.key = key(&next);
                Some(Ok(std::mem::replace(&mut head.drift, next)))
            }
            Ok(None) => Some(Ok(self.heads.remove(at).drift)),
            Err(error) => {
                self.heads.clear();
                Some(Err(error))
            }
        }
    }
}

/// One run of the spool, read from its start.
struct Run<'a> {
    spool: &'a Spool,
    rest: Range<u64>,
}

impl Read for Run<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.rest.end - self.rest.start).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.spool.read_at(&mut buffer[..most], self.rest.start)?;
        self.rest.start += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::doubles::{Cloud, Code, scan, thing};
    use serde_json::json;

    fn found() -> Vec<Sighting> {
        let names: Vec<String> = (0..300).map(|n| format!("a.{}", n * 7919 % 300)).collect();
        let code = names.iter().map(|name| thing(name, json!({"size": 1}))).collect();
        let live: Vec<(&str, _)> = names.iter().step_by(3).map(|name| (name.as_str(), json!({"size": 2}))).collect();
        scan(vec![Code::new("state", code)], Cloud::new(&live)).1.into_iter().map(Sighting::from).collect()
    }

    fn collect(findings: &Sightings) -> Vec<Sighting> {
        findings.iter().unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn findings_beyond_the_budget_wait_on_disk_and_come_back_in_the_same_order() {
        let all = found();
        assert!(all.len() == 300 && all.iter().any(|d| d.finding.changes.len() == 1));
        let mut in_memory = Sightings::default();
        let mut spilling = Sightings::with_budget(40_000);
        let mut most = 0;
        for finding in &all {
            in_memory.push(finding).unwrap();
            spilling.push(finding).unwrap();
            most = most.max(spilling.bytes);
        }
        assert!(most <= 40_000, "{most} bytes were held");
        assert!(in_memory.runs.is_empty() && spilling.runs.len() > 3 && spilling.spool.on_disk() > 0);
        let expected = collect(&in_memory);
        assert_eq!(expected.len(), 300);
        assert!(expected.is_sorted_by_key(key));
        assert_eq!(collect(&spilling), expected);
        assert_eq!(collect(&spilling), expected, "a second time");
    }

    #[test]
    fn equal_findings_keep_their_order() {
        let one = &found()[0];
        let mut findings = Sightings::with_budget(10_000);
        let marked = |n: usize| {
            let mut drift = one.clone();
            drift.finding.environment = crate::drift::Slug::from_text(&format!("e{n}"));
            drift
        };
        (0..50).for_each(|n| findings.push(&marked(n)).unwrap());
        assert!(findings.runs.len() > 1);
        let back: Vec<String> = collect(&findings).iter().map(|d| d.finding.environment.to_string()).collect();
        assert_eq!(back, (0..50).map(|n| format!("e{n}")).collect::<Vec<_>>());
    }
}
