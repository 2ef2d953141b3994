//! From numbers to drifts, as they were listed: a decision is about what was read.

use std::io::{self, BufRead, Write};

use jiff::Timestamp;

use super::{Plain, words};
use crate::drift::{DriftEvent, PropertyPath, State};
use crate::store::{DriftFilter, Match, Matching};

/// What a decision is about.
pub(super) struct Chosen {
    pub targets: Vec<Match>,
    /// Single changes of the only target; empty: the whole.
    pub paths: Vec<PropertyPath>,
}

impl<R: BufRead, W: Write> Plain<R, W> {
    /// What the numbers at the start of a text name, and the rest of it. `None`: why not has been said.
    pub(super) async fn choose(&mut self, text: &str) -> io::Result<Option<(Chosen, String)>> {
        let (which, rest) = match self.which(text) {
            Ok((which, rest)) => (which, rest.to_owned()),
            Err(why) => return self.problem(&why).map(|()| None),
        };
        if which.every {
            return Ok(self.every().await?.map(|targets| (Chosen { targets, paths: vec![] }, rest)));
        }
        let now = Timestamp::now();
        let events: Vec<&DriftEvent> = which.rows.iter().filter_map(|at| self.listed.get(at - 1)).collect();
        let targets = events.iter().map(|event| Match::of(event, now)).collect();
        let mut paths = vec![];
        for at in which.changes {
            let changes = events.first().map_or(&[][..], |event| event.changes.as_slice());
            match changes.get(at.wrapping_sub(1)) {
                Some(change) => paths.push(change.path.clone()),
                None => {
                    let why = format!("there is no change {at}: it has {}", words::count(changes.len(), "change"));
                    return self.problem(&why).map(|()| None);
                }
            }
        }
        Ok(Some((Chosen { targets, paths }, rest)))
    }

    /// All that pass the query, listed or not.
    async fn every(&mut self) -> io::Result<Option<Vec<Match>>> {
        match self.service.matching(self.filter(), Matching::MOST).await {
            Ok(found) if found.targets.is_empty() => self.problem("nothing passes the query").map(|()| None),
            Ok(found) if found.complete => Ok(Some(found.targets)),
            Ok(found) => {
                let why = format!("more than {} pass the query: narrow it", found.targets.len());
                self.problem(&why).map(|()| None)
            }
            Err(why) => self.problem(&why.to_string()).map(|()| None),
        }
    }

    /// The query in force, over what is still to be done unless it names states.
    pub(super) fn filter(&self) -> DriftFilter {
        let states = if self.query.names_states() { vec![] } else { vec![State::Open, State::Acknowledged] };
        let (query, me, member) = (self.query.clone(), self.actor.clone(), self.member);
        DriftFilter { query, me, states, member, ..DriftFilter::default() }
    }
}
