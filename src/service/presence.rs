//! Who looks at which drift now: told by who looks, kept a minute in memory, and nowhere else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::drift::query::{Group, GroupKey};
use crate::drift::{DriftEvent, DriftId, Slug};
use crate::safety::Tainted;

/// For which it holds, once told.
pub const HOLDS: Duration = Duration::from_secs(60);
/// Screens of one name, and of all.
const SCREENS: usize = 16;
const ALL: usize = 4_096;
/// Bytes of a type that is passed on; what is longer is no type.
const TYPE: usize = 500;

/// Somebody before a screen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Looker {
    pub who: Tainted,
    /// One of theirs: somebody may have several open.
    pub screen: Ulid,
}

/// A drift that is looked at, and where it is: who may not see it there is not told.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Spot {
    pub drift: DriftId,
    pub environment: Slug,
    pub resource_type: Tainted,
    /// The groups it is in, so that who sees groups sees it there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupKey>,
}

/// What somebody looks at now.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Looking {
    pub who: Tainted,
    /// One of their screens.
    #[schema(value_type = String)]
    pub screen: Ulid,
    /// `None`: at no drift, or at none that concerns who is told.
    pub at: Option<Spot>,
    /// What they looked at before.
    #[serde(default)]
    pub left: Option<Spot>,
}

impl Looking {
    /// The same, for who sees only some drifts; `None`: it does not concern them.
    pub fn within(self, sees: impl Fn(&Spot) -> bool) -> Option<Self> {
        let (at, left) = (self.at.filter(&sees), self.left.filter(&sees));
        (at.is_some() || left.is_some()).then_some(Self { at, left, ..self })
    }
}

impl Spot {
    /// `None` for a drift that cannot be named in few words.
    pub fn of(event: &DriftEvent) -> Option<Self> {
        let resource_type = event.resource.resource_type.clone();
        let environment = event.environment.clone();
        let groups = Group::ALL.iter().filter_map(|(by, ..)| GroupKey::of(*by, event)).collect();
        (resource_type.raw().len() <= TYPE).then_some(Self { drift: event.id, environment, resource_type, groups })
    }
}

/// Everybody who looks at something, as far as this process has heard.
#[derive(Default)]
pub(super) struct Presence(Mutex<BTreeMap<Looker, (Spot, Instant)>>);

impl Presence {
    /// Keeps what was told, and adds what it takes the place of.
    pub fn note(&self, mut told: Looking, now: Instant) -> Looking {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (_, heard)| now.duration_since(*heard) < HOLDS);
        let looker = Looker { who: told.who.clone(), screen: told.screen };
        let before = all.remove(&looker).map(|(spot, _)| spot);
        told.left = before.filter(|spot| Some(spot.drift) != told.at.as_ref().map(|at| at.drift));
        let theirs: Vec<(Looker, Instant)> = all
            .iter()
            .filter(|(one, _)| one.who == looker.who)
            .map(|(one, (_, heard))| (one.clone(), *heard))
            .collect();
        if theirs.len() >= SCREENS
            && let Some((oldest, _)) = theirs.into_iter().min_by_key(|(_, heard)| *heard)
        {
            all.remove(&oldest);
        }
        if let Some(at) = told.at.clone().filter(|_| all.len() < ALL) {
            all.insert(looker, (at, now));
        }
        told
    }

    pub fn all(&self, now: Instant) -> Vec<Looking> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = all.iter().filter(|(_, (_, heard))| now.duration_since(*heard) < HOLDS);
        let looking = |(looker, (spot, _)): (&Looker, &(Spot, Instant))| Looking {
            who: looker.who.clone(),
            screen: looker.screen,
            at: Some(spot.clone()),
            left: None,
        };
        holds.map(looking).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(kind: &str) -> Spot {
        let (drift, environment) = (DriftId::generate(), Slug::from_text("prod"));
        Spot { drift, environment, resource_type: kind.into(), groups: vec![] }
    }

    fn told(who: &str, screen: Ulid, at: Option<&Spot>) -> Looking {
        Looking { who: who.into(), screen, at: at.cloned(), left: None }
    }

    #[test]
    fn it_is_kept_a_minute_and_what_was_left_is_said() {
        let (presence, begun) = (Presence::default(), Instant::now());
        let (screen, one, other) = (Ulid::generate(), spot("vm"), spot("bucket"));
        assert_eq!(presence.note(told("alice", screen, Some(&one)), begun).left, None);
        assert_eq!(presence.note(told("alice", screen, Some(&one)), begun).left, None, "still there");
        assert_eq!(presence.note(told("alice", screen, Some(&other)), begun).left, Some(one.clone()));
        // Another screen of hers is another one.
        presence.note(told("alice", Ulid::generate(), Some(&one)), begun + HOLDS / 2);
        assert_eq!(presence.all(begun + HOLDS / 2).len(), 2);
        assert_eq!(presence.all(begun + HOLDS).len(), 1);
        assert_eq!(presence.note(told("alice", screen, None), begun + HOLDS).left, None, "it did not hold any more");
        assert_eq!(presence.all(begun + HOLDS * 2), []);
    }

    #[test]
    fn nobody_fills_the_memory() {
        let (presence, begun) = (Presence::default(), Instant::now());
        for _ in 0..100 {
            presence.note(told("mallory", Ulid::generate(), Some(&spot("vm"))), begun);
        }
        presence.note(told("alice", Ulid::generate(), Some(&spot("vm"))), begun);
        assert_eq!(presence.all(begun).len(), SCREENS + 1);
    }

    #[test]
    fn whoever_sees_only_some_drifts_hears_of_those_alone() {
        let sees = |spot: &Spot| spot.resource_type.raw() == "vm";
        let (seen, unseen) = (spot("vm"), spot("secret"));
        let looking = |at: &Spot, left: Option<&Spot>| {
            Looking { left: left.cloned(), ..told("alice", Ulid::generate(), Some(at)) }.within(sees)
        };
        assert_eq!(looking(&unseen, None), None);
        let gone = looking(&unseen, Some(&seen)).unwrap();
        assert_eq!((gone.at, gone.left), (None, Some(seen.clone())));
        let came = looking(&seen, Some(&unseen)).unwrap();
        assert_eq!((came.at, came.left), (Some(seen), None));
    }
}
