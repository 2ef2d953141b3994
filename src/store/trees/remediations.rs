//! Requests to do something about a drift: asked for, answered, or over by themselves. What becomes of one is an entry of the
//! trail, with the whole of it; here it is found by its id, by its drift, and while it waits.
//!
//! Keys begin with what they are: `0 | id [16]` → `Remediation`; `1 | drift [16] | id [16]` → nothing; `2 | id [16]` → nothing, for
//! what waits as it was last written. Ids made later sort later.

use jiff::Timestamp;
use ulid::Ulid;

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, Writer, apply, once, scan};
use crate::drift::{
    AuditEntry, DriftEvent, DriftId, Origin, Overtaken, Remediation, RemediationChange, RemediationDecision,
    RemediationId, RemediationRequest, RemediationState as State, Slug, Verdict,
};
use crate::safety::Tainted;
use crate::store::record::{AuditRecord, Deed, OnceMark};
use crate::store::{Direction, RemediationQuery, StoreError, codec};

const BY_ID: u8 = 0;
const OF_DRIFT: u8 = 1;
const WAITS: u8 = 2;

fn by_id(id: RemediationId) -> Vec<u8> {
    [&[BY_ID][..], &id.0.to_bytes()].concat()
}

fn waits(id: RemediationId) -> Vec<u8> {
    [&[WAITS][..], &id.0.to_bytes()].concat()
}

fn of_drift(drift: DriftId, id: RemediationId) -> Vec<u8> {
    [&[OF_DRIFT][..], &drift.0.to_bytes(), &id.0.to_bytes()].concat()
}

fn id_of(key: &[u8]) -> Option<RemediationId> {
    key.last_chunk::<16>().map(|bytes| RemediationId(Ulid::from_bytes(*bytes)))
}

/// In place of an older one with its id.
pub(super) fn put(tx: &mut Tx<'_>, one: &Remediation) -> Result<(), StoreError> {
    // A deed may be done again after those that followed it.
    if find(tx, one.id)?.is_some_and(|known| known.version > one.version) {
        return Ok(());
    }
    tx.put(Tree::Remediations, of_drift(one.drift, one.id), Vec::new());
    match one.state {
        State::AwaitingApproval => tx.put(Tree::Remediations, waits(one.id), Vec::new()),
        _ => tx.delete(Tree::Remediations, waits(one.id)),
    }
    tx.write(Tree::Remediations, by_id(one.id), one)
}

fn erase(tx: &mut Tx<'_>, one: &Remediation) {
    for key in [by_id(one.id), waits(one.id), of_drift(one.drift, one.id)] {
        tx.delete(Tree::Remediations, key);
    }
}

fn find(tx: &Tx<'_>, id: RemediationId) -> Result<Option<Remediation>, StoreError> {
    tx.read(Tree::Remediations, &by_id(id))
}

/// The drift it is about, if it is still kept.
fn event(tx: &Tx<'_>, id: DriftId) -> Result<Option<DriftEvent>, StoreError> {
    match tx.event(id) {
        Ok(found) => Ok(found.map(|record| record.event)),
        Err(StoreError::Damaged { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// As it stands now: what waits may be too late, though nobody has written that down yet.
fn as_it_stands(tx: &Tx<'_>, one: Remediation) -> Result<Remediation, StoreError> {
    if one.state != State::AwaitingApproval {
        return Ok(one);
    }
    let state = one.state_for(event(tx, one.drift)?.as_ref(), tx.now);
    Ok(Remediation { state, ..one })
}

/// What is wrong with an entry.
pub(super) fn fault(store: &TreeStore, key: &[u8], value: &[u8]) -> Option<String> {
    let tx = Tx::new(store, store.now());
    let found = || id_of(key).and_then(|id| find(&tx, id).ok().flatten());
    match key.first() {
        Some(&BY_ID) => match codec::decode::<Remediation>(Tree::Remediations.name(), value, &store.objects) {
            Err(error) => Some(error.to_string()),
            Ok(one) if by_id(one.id) != key => Some(format!("remediation {} lies under another one's key", one.id)),
            Ok(one) => {
                let has = |key: Vec<u8>| tx.get(Tree::Remediations, &key).is_ok_and(|value| value.is_some());
                let is_found = has(of_drift(one.drift, one.id));
                let is_right = has(waits(one.id)) == (one.state == State::AwaitingApproval);
                (!is_found || !is_right).then(|| format!("remediation {} is missing from its indexes", one.id))
            }
        },
        Some(&OF_DRIFT) if found().is_some_and(|one| of_drift(one.drift, one.id) == key) => None,
        Some(&WAITS) if found().is_some_and(|one| one.state == State::AwaitingApproval) => None,
        _ => Some("an entry of remediations leads to none".into()),
    }
}

impl TreeStore {
    pub(super) fn request_remediation_impl(&self, asked: &RemediationRequest) -> Result<Remediation, StoreError> {
        self.writable()?;
        let mut guard = self.writer();
        let writer = &mut *guard;
        let tx = Tx::new(self, self.now());
        let once = self.mark_of(asked.once.as_ref());
        if let Some(done) = done_before(&tx, once.as_ref())? {
            return as_it_stands(&tx, done);
        }
        let none = || StoreError::NotFound(format!("there is no drift {}", asked.drift));
        let event = tx.event(asked.drift)?.ok_or_else(none)?.event;
        if let Some(expected) = asked.expected_version.filter(|version| *version != event.version) {
            return Err(StoreError::Conflict { expected, current: event.version });
        }
        let mut deeds = vec![];
        if let Some(before) = self.last_written(&tx, asked.drift)?.filter(|one| one.state == State::AwaitingApproval) {
            match before.state_for(Some(&event), tx.now) {
                State::AwaitingApproval => {
                    let who = before.requested_by.cell(40);
                    let why =
                        format!("{who} has asked for something to be done about this drift already, and it waits");
                    return Err(overtaken(why, Some(event), before));
                }
                over => deeds.push(self.ends(writer, &before, over, Some(&event), 0)?),
            }
        }
        let at = writer.tick(&self.clock);
        let new = Remediation::new(RemediationId::generate(), asked, &event, at).map_err(StoreError::Invalid)?;
        let change = RemediationChange { before: None, after: new.clone() };
        let entry = Entry { at, actor: &asked.by.name, reason: new.reason.clone(), change, once };
        deeds.push(entry.deed(writer, deeds.len(), Some(&event), tx.now)?);
        self.keep_all(writer, tx, deeds)?;
        Ok(new)
    }

    pub(super) fn decide_remediation_impl(&self, asked: &RemediationDecision) -> Result<Remediation, StoreError> {
        self.writable()?;
        let mut guard = self.writer();
        let writer = &mut *guard;
        let tx = Tx::new(self, self.now());
        let once = self.mark_of(asked.once.as_ref());
        if let Some(done) = done_before(&tx, once.as_ref())? {
            return Ok(done);
        }
        let none = || StoreError::NotFound(format!("there is no remediation {}", asked.id));
        let before = find(&tx, asked.id)?.ok_or_else(none)?;
        let event = event(&tx, before.drift)?;
        if let Some(why) = before.closed(event.as_ref(), tx.now) {
            let over = before.state_for(event.as_ref(), tx.now);
            if before.state != State::AwaitingApproval {
                return Err(overtaken(why, event, before));
            }
            let deed = self.ends(writer, &before, over, event.as_ref(), 0)?;
            self.keep_all(writer, tx, vec![deed])?;
            return Err(overtaken(why, event, before.ended(over)));
        }
        if asked.expected_version.is_some_and(|expected| expected != before.version) {
            return Err(overtaken("it has changed since it was shown: look at it again".into(), event, before));
        }
        let at = writer.tick(&self.clock);
        let reason = asked.reason.clone().filter(|reason| !reason.raw().is_empty());
        let verdict = Verdict { by: asked.by.name.clone(), at, reason: reason.clone() };
        let after = before.decided(asked.verb, verdict);
        let change = RemediationChange { before: Some(before.state), after: after.clone() };
        let deed = Entry { at, actor: &asked.by.name, reason, change, once }.deed(writer, 0, event.as_ref(), tx.now)?;
        self.keep_all(writer, tx, vec![deed])?;
        Ok(after)
    }

    /// Writes down which of those that wait are over, and when the next one will be.
    pub(super) fn settle_remediations_impl(&self) -> Result<(Vec<Remediation>, Option<Timestamp>), StoreError> {
        let (over, next) = self.over(&Tx::new(self, self.now()))?;
        if over.is_empty() || self.read_only_now().is_some() {
            return Ok((vec![], next));
        }
        let mut guard = self.writer();
        let writer = &mut *guard;
        // Somebody else may have been faster.
        let tx = Tx::new(self, self.now());
        let (over, next) = self.over(&tx)?;
        let (mut ended, mut deeds) = (vec![], vec![]);
        for (one, state) in over {
            deeds.push(self.ends(writer, &one, state, event(&tx, one.drift)?.as_ref(), deeds.len())?);
            ended.push(one.ended(state));
        }
        self.keep_all(writer, tx, deeds)?;
        Ok((ended, next))
    }

    /// Those that wait as they were written and are over, with where they stand; and when the next of the others ends by time.
    #[expect(clippy::type_complexity, reason = "of one caller")]
    fn over(&self, tx: &Tx<'_>) -> Result<(Vec<(Remediation, State)>, Option<Timestamp>), StoreError> {
        let (mut over, mut next) = (vec![], None::<Timestamp>);
        for key in self.engine.tree(Tree::Remediations).scan_prefix([WAITS]).keys() {
            let Some(one) = id_of(&key?).map(|id| find(tx, id)).transpose()?.flatten() else { continue };
            match one.state_for(event(tx, one.drift)?.as_ref(), tx.now) {
                State::AwaitingApproval => {
                    next = Some(next.map_or(one.expires_at, |next: Timestamp| next.min(one.expires_at)));
                }
                state => over.push((one, state)),
            }
        }
        Ok((over, next))
    }

    /// The entry of one that nobody answered, or that is too late.
    fn ends(
        &self,
        writer: &mut Writer,
        one: &Remediation,
        state: State,
        event: Option<&DriftEvent>,
        place: usize,
    ) -> Result<Deed, StoreError> {
        let (at, change) =
            (writer.tick(&self.clock), RemediationChange { before: Some(one.state), after: one.ended(state) });
        let system = Tainted::from("system");
        Entry { at, actor: &system, reason: None, change, once: None }.deed(writer, place, event, self.now())
    }

    fn keep_all(&self, writer: &mut Writer, mut tx: Tx<'_>, deeds: Vec<Deed>) -> Result<(), StoreError> {
        if deeds.is_empty() {
            return Ok(());
        }
        let mut rules = writer.rules.clone();
        deeds.iter().try_for_each(|deed| apply::apply(&mut tx, &mut rules, deed))?;
        self.keep(writer, &deeds, tx, true)
    }

    /// The newest about a drift, as it was written.
    fn last_written(&self, tx: &Tx<'_>, drift: DriftId) -> Result<Option<Remediation>, StoreError> {
        let prefix = [&[OF_DRIFT][..], &drift.0.to_bytes()].concat();
        let last = self.engine.tree(Tree::Remediations).scan_prefix(prefix).keys().next_back().transpose()?;
        Ok(last.and_then(|key| id_of(&key)).map(|id| find(tx, id)).transpose()?.flatten())
    }

    /// The newest about a drift, as it stands now.
    pub(super) fn last_remediation(&self, tx: &Tx<'_>, of: &DriftEvent) -> Result<Option<Remediation>, StoreError> {
        let last = self.last_written(tx, of.id)?;
        Ok(last.map(|one| Remediation { state: one.state_for(Some(of), tx.now), ..one }))
    }

    pub(super) fn remediation_impl(&self, id: RemediationId) -> Result<Option<Remediation>, StoreError> {
        let tx = Tx::new(self, self.now());
        find(&tx, id)?.map(|one| as_it_stands(&tx, one)).transpose()
    }

    pub(super) fn remediations_impl(&self, query: &RemediationQuery) -> Result<Vec<Remediation>, StoreError> {
        let tx = Tx::new(self, self.now());
        let prefix = match query.drift {
            Some(drift) => [&[OF_DRIFT][..], &drift.0.to_bytes()].concat(),
            None => vec![BY_ID],
        };
        let key = |id: RemediationId| [&prefix[..], &id.0.to_bytes()].concat();
        let (low, high) = match (query.cursor, query.direction) {
            (None, _) => (key(RemediationId(Ulid::from_bytes([0; 16]))), [&prefix[..], &[0xff; 17]].concat()),
            (Some(id), Direction::Older) => (key(RemediationId(Ulid::from_bytes([0; 16]))), key(id)),
            (Some(id), Direction::Newer) => ([&key(id)[..], &[0]].concat(), [&prefix[..], &[0xff; 17]].concat()),
        };
        let keys = self.engine.tree(Tree::Remediations).range(low..high).keys();
        let ordered: Box<dyn Iterator<Item = _>> = match query.direction {
            Direction::Older => Box::new(keys.rev()),
            Direction::Newer => Box::new(keys),
        };
        let (limit, mut found) = (query.limit.clamp(1, RemediationQuery::MOST), vec![]);
        for key in ordered {
            let Some(one) = id_of(&key?).map(|id| find(&tx, id)).transpose()?.flatten() else { continue };
            let one = as_it_stands(&tx, one)?;
            found.extend(query.holds(&one.environment, one.state).then_some(one));
            if found.len() == limit {
                break;
            }
        }
        if query.direction == Direction::Newer {
            found.reverse();
        }
        Ok(found)
    }

    /// Every one, oldest first, as it was written.
    pub(super) fn all_remediations(&self) -> impl Iterator<Item = Result<Remediation, StoreError>> + '_ {
        self.engine.tree(Tree::Remediations).scan_prefix([BY_ID]).values().map(|value| {
            let value = value?;
            codec::decode(Tree::Remediations.name(), &value, &self.objects)
        })
    }

    /// Of an environment that is forgotten, or answered before a time; what became of them stays in the trail.
    pub(super) fn erase_remediations(&self, is_over: impl Fn(&Remediation) -> bool) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        self.all_remediations().flatten().filter(|one| is_over(one)).for_each(|one| erase(&mut tx, &one));
        writer.commits += 1;
        tx.commit(false)
    }

    fn read_only_now(&self) -> Option<String> {
        self.writable().err().map(|error| error.to_string())
    }
}

/// Ended before a time.
pub(super) fn ended_before(one: &Remediation, before: Timestamp) -> bool {
    one.state != State::AwaitingApproval && one.verdict.as_ref().map_or(one.expires_at, |verdict| verdict.at) < before
}

pub(super) fn is_of(one: &Remediation, slug: &Slug) -> bool {
    one.environment == *slug
}

fn overtaken(why: String, drift: Option<DriftEvent>, remediation: Remediation) -> StoreError {
    StoreError::Overtaken(Box::new(Overtaken { why, drift, remediation }))
}

/// What was done under this name already, as it is now.
fn done_before(tx: &Tx<'_>, mark: Option<&OnceMark>) -> Result<Option<Remediation>, StoreError> {
    let Some(mark) = mark else { return Ok(None) };
    let Some(known) = once::known(tx, mark)? else { return Ok(None) };
    if known.get(16..) != Some(mark.request.as_bytes()) {
        return Err(StoreError::Reused);
    }
    let seq = known.first_chunk::<8>().copied().unwrap_or_default();
    let record: Option<AuditRecord> = tx.read(Tree::Audit, &seq)?;
    let then = record.and_then(|record| record.deed.audit.remediation).map(|change| change.after);
    let Some(then) = then else { return Err(StoreError::Reused) };
    Ok(Some(find(tx, then.id)?.unwrap_or(then)))
}

/// One line of the trail.
struct Entry<'a> {
    at: Timestamp,
    actor: &'a Tainted,
    reason: Option<Tainted>,
    change: RemediationChange,
    once: Option<OnceMark>,
}

impl Entry<'_> {
    /// `place`: among those that are written together.
    fn deed(
        self,
        writer: &Writer,
        place: usize,
        event: Option<&DriftEvent>,
        now: Timestamp,
    ) -> Result<Deed, StoreError> {
        let Self { at, actor, reason, change, once } = self;
        let word = match (change.before, change.after.state) {
            (None, _) => "remediation_requested".to_owned(),
            (Some(_), state) => format!("remediation_{}", state.as_str()),
        };
        let state = event.map(|event| event.state_at(now));
        let audit = AuditEntry {
            seq: scan::next_seq(writer)? + place as u64,
            timestamp: at,
            actor: actor.clone(),
            action: word,
            environment: Some(change.after.environment.clone()),
            drift: Some(change.after.drift),
            reason,
            old_state: state,
            new_state: state,
            verb: None,
            undone_by: None,
            rule: None,
            never_hide: None,
            remediation: Some(Box::new(change)),
            batch: None,
            origin: Origin::now().map(Box::new),
            success: true,
            error_message: None,
        };
        Ok(Deed { audit, before: vec![], after: vec![], environment: None, context: None, once })
    }
}
