//! How well the comparer does, measured on recorded cases: what `driftguard bench` prints.
//!
//! A case file holds one JSON object a line: `id`, `dialect`, `resource_type`, `declared`, `live`, and where known
//! `remembered` (the live values that were last accepted), `context` (account, region, aliases), `schema` (the facts of the
//! type's published schema) and `expect` (`drift`, `undeclared`, `unverified`: dotted property paths). The comparer sees all
//! but `expect`.

pub mod analysis;
mod case;
pub mod cloudtrail;
pub mod learning;
mod mutate;
mod report;
mod respell;
mod score;
pub mod series;

pub use case::{Case, CaseError, Cases, Expect, read};
pub use mutate::{Mutations, mutate};
pub use report::{BenchReport, json, text};
pub use score::{Failure, Level, Scored, Scores, score};

#[cfg(test)]
mod corpus {
    use super::*;
    use crate::compare::Packs;
    use crate::testing::shared;

    fn cases() -> Option<Vec<Case>> {
        let read = read(&[shared("corpus/aws-live.jsonl")?]);
        assert!(read.errors.is_empty(), "{:?}", read.errors);
        Some(read.cases)
    }

    #[test]
    fn the_corpus_of_real_resources_gives_no_false_alarm_and_misses_nothing() {
        let Some(cases) = cases() else { return };
        let scored = score(&cases, Packs::embedded());
        assert_eq!(scored.all.case_level, Level { tp: 13, fp: 0, fn_: 0, tn: 662 }, "{:#?}", scored.failures);
        assert_eq!(scored.all.property_level.precision(), 1.0, "{:#?}", scored.failures);
    }

    #[test]
    fn without_knowledge_of_single_types_there_are_few_false_alarms() {
        let Some(cases) = cases() else { return };
        let scored = score(&cases, &Packs::embedded().without_types());
        assert!(scored.all.case_level.fp <= 4, "{:#?}", scored.failures);
    }

    #[test]
    fn a_change_of_any_recorded_leaf_is_reported_and_a_respelling_is_not() {
        let Some(cases) = cases() else { return };
        let mutations = mutate(&cases, Packs::embedded(), 1);
        assert!(mutations.changes > 4000 && mutations.respelt() > 6000, "{mutations:#?}");
        assert!(mutations.reported * 1000 >= mutations.changes * 999, "{:#?}", mutations.failures);
        assert_eq!(mutations.alarms(), 0, "{:#?}", mutations.failures);
    }
}
