//! How likely something stops working on account of a drift: as it is now, or when it is set right.
//!
//! A guess by a documented rule, not a measurement: nobody has written down which drifts broke what. It knows nothing of the load,
//! of what runs twice, or of when it is set right. Each cause below can do it by itself, so they are joined as independent ones
//! (1 − Π(1 − cause)), and the result is scaled by how far it reaches:
//!
//! | cause | likelihood |
//! |---|---|
//! | setting it right | interrupts nothing 0, not known 0.10, interrupts it for a while 0.35, replaces it 0.60 |
//! | what kind of drift | it is gone 0.50, nothing declares it 0.20 (to set it right is to delete it), it moved 0.05 |
//! | performance | half of the score on that axis |
//! | size | 0.03 for each property that differs, 10 at most |
//!
//! | reach | factor |
//! |---|---|
//! | environment | production 1, another 0.60 |
//! | dependants | 0.70 + 0.30 · n / (n + 3) for n that depend on it |

use serde::{Deserialize, Serialize};

use super::{Disruption, DriftEvent, DriftType, Finding, Score};

/// The rule above, and that nobody has measured how well it does.
const METHOD: &str = "experimental-1";
/// Factors that are named.
const TOLD: usize = 4;
/// Less makes no difference worth a word.
const LEAST: f64 = 0.005;

/// How likely something stops working, and why.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Risk {
    pub score: Score,
    /// What makes most of it, the most first.
    pub factors: Vec<RiskFactor>,
    /// What would matter, and nobody asked.
    pub not_known: Vec<String>,
    /// Which rule; `experimental`: nobody has measured how often it is right.
    pub method: String,
}

/// What makes it likelier.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct RiskFactor {
    /// How much lower the score would be without it.
    pub adds: Score,
    pub text: String,
}

/// What the rule looks at.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Inputs {
    drift_type: DriftType,
    /// Of setting it right; `None`: not known.
    disruption: Option<Disruption>,
    performance: f64,
    changes: usize,
    dependants: u32,
    is_production: bool,
}

impl Risk {
    pub fn of(event: &DriftEvent, is_production: bool) -> Self {
        Inputs {
            drift_type: event.drift_type,
            disruption: event.analysis.disruption,
            performance: event.severity().performance.as_f64(),
            changes: event.changes.len(),
            dependants: event.dependants,
            is_production,
        }
        .risk()
    }

    /// Of what a scan found.
    pub fn of_finding(finding: &Finding, is_production: bool) -> Self {
        Inputs {
            drift_type: finding.drift_type,
            disruption: finding.analysis.disruption,
            performance: finding.analysis.severity.performance.as_f64(),
            changes: finding.changes.len(),
            dependants: finding.dependants,
            is_production,
        }
        .risk()
    }

    /// `0.42 (experimental): changing it back replaces it; production; 3 resources depend on it`
    pub fn words(&self) -> String {
        let why: Vec<&str> = self.factors.iter().map(|one| one.text.as_str()).collect();
        let why = if why.is_empty() { "nothing that is known speaks for it".to_owned() } else { why.join("; ") };
        format!("{} (experimental): {why}", self.score)
    }
}

impl Inputs {
    fn risk(&self) -> Risk {
        let whole = self.likelihood();
        let mut factors: Vec<(f64, String)> =
            self.without().into_iter().map(|(less, text)| (whole - less.likelihood(), text)).collect();
        factors.retain(|(adds, _)| *adds >= LEAST);
        factors.sort_by(|a, b| b.0.total_cmp(&a.0));
        let score = |value: f64| Score::new(value.clamp(0.0, 1.0)).unwrap_or_default();
        let mut not_known = vec!["how much it is used".to_owned()];
        if self.is_revert_unknown() {
            not_known.push("what changing it back does to what runs".into());
        }
        Risk {
            score: score(whole),
            factors: factors
                .into_iter()
                .take(TOLD)
                .map(|(adds, text)| RiskFactor { adds: score(adds), text })
                .collect(),
            not_known,
            method: METHOD.into(),
        }
    }

    fn likelihood(&self) -> f64 {
        let causes = [self.of_revert(), self.of_kind(), self.performance / 2.0, 0.03 * self.changes.min(10) as f64];
        let stays: f64 = causes.iter().map(|cause| 1.0 - cause).product();
        let dependants = f64::from(self.dependants);
        let reach = 0.70 + 0.30 * dependants / (dependants + 3.0);
        (1.0 - stays) * reach * if self.is_production { 1.0 } else { 0.60 }
    }

    /// Only what differs in properties is known to be set right in place or not.
    fn is_revert_unknown(&self) -> bool {
        self.drift_type == DriftType::Modified && self.disruption.is_none()
    }

    fn of_revert(&self) -> f64 {
        match self.disruption {
            Some(Disruption::None) => 0.0,
            None => {
                if self.is_revert_unknown() {
                    0.10
                } else {
                    0.0
                }
            }
            Some(Disruption::Some) => 0.35,
            Some(Disruption::Replacement) => 0.60,
        }
    }

    fn of_kind(&self) -> f64 {
        match self.drift_type {
            DriftType::Modified => 0.0,
            DriftType::Moved => 0.05,
            DriftType::Added => 0.20,
            DriftType::Deleted => 0.50,
        }
    }

    /// The same without one of its factors, each with the words for that factor.
    fn without(&self) -> Vec<(Self, String)> {
        let revert = match self.disruption {
            Some(disruption) => lower(disruption.sentence()),
            None => "what changing it back does is not known".to_owned(),
        };
        let kind = match self.drift_type {
            DriftType::Modified => "it differs",
            DriftType::Moved => "its address changed",
            DriftType::Added => "nothing declares it: to set it right is to delete it",
            DriftType::Deleted => "it is declared, and is not there",
        };
        let of_no_kind = match self.drift_type {
            DriftType::Modified => *self,
            // What is not known of it need not be known.
            _ => Self {
                drift_type: DriftType::Modified,
                disruption: self.disruption.or(Some(Disruption::None)),
                ..*self
            },
        };
        let counted = |number: usize, one: &str, more: &str| {
            if number == 1 { one.to_owned() } else { format!("{number} {more}") }
        };
        let dependants = counted(self.dependants as usize, "1 resource depends on it", "resources depend on it");
        vec![
            (Self { disruption: Some(Disruption::None), ..*self }, revert),
            (of_no_kind, kind.into()),
            (Self { performance: 0.0, ..*self }, format!("performance {:.2}", self.performance)),
            (Self { changes: 0, ..*self }, counted(self.changes, "1 property differs", "properties differ")),
            (Self { dependants: 0, ..*self }, dependants),
            (Self { is_production: false, ..*self }, "production".into()),
        ]
    }
}

/// `Changing it back …` as a part of a sentence.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REVERTS: [Option<Disruption>; 4] =
        [Some(Disruption::None), None, Some(Disruption::Some), Some(Disruption::Replacement)];

    fn inputs() -> impl Strategy<Value = Inputs> {
        (0..4_usize, 0..4_usize, 0.0..=1.0_f64, 0..40_usize, 0..500_u32, any::<bool>()).prop_map(
            |(kind, revert, performance, changes, dependants, is_production)| Inputs {
                drift_type: DriftType::ALL[kind],
                disruption: REVERTS[revert],
                performance,
                changes,
                dependants,
                is_production,
            },
        )
    }

    proptest! {
        #[test]
        fn more_of_anything_that_disrupts_never_lowers_it(of in inputs(), by in 1..20_u32) {
            let risk = |of: Inputs| of.risk().score;
            let mut more = vec![
                Inputs { performance: (of.performance + f64::from(by) / 20.0).min(1.0), ..of },
                Inputs { changes: of.changes + by as usize, ..of },
                Inputs { dependants: of.dependants + by, ..of },
                Inputs { is_production: true, ..of },
            ];
            let at = REVERTS.iter().position(|one| *one == of.disruption).unwrap();
            more.extend(REVERTS[at..].iter().map(|revert| Inputs { disruption: *revert, ..of }));
            for other in more {
                prop_assert!(risk(other) >= risk(of), "{other:?} {:?}\n{of:?} {:?}", risk(other), risk(of));
            }
        }

        #[test]
        fn it_lies_between_nothing_and_one_and_its_factors_are_part_of_it(of in inputs()) {
            let risk = of.risk();
            prop_assert!(risk.score <= Score::percent(100));
            prop_assert!(risk.factors.iter().all(|one| one.adds <= risk.score), "{risk:?}");
            prop_assert!(risk.factors.windows(2).all(|pair| pair[0].adds >= pair[1].adds));
        }
    }

    #[test]
    fn a_replacement_in_production_is_told_with_its_reasons_and_what_nobody_knows() {
        let web = Inputs {
            drift_type: DriftType::Modified,
            disruption: Some(Disruption::Replacement),
            performance: 0.0,
            changes: 1,
            dependants: 3,
            is_production: true,
        };
        let risk = web.risk();
        assert_eq!(
            risk.words(),
            "0.52 (experimental): changing it back replaces it: it is deleted and made anew; production; \
             3 resources depend on it; 1 property differs"
        );
        assert_eq!(risk.not_known, ["how much it is used"]);
        let tag = Inputs { disruption: Some(Disruption::None), dependants: 0, is_production: false, ..web };
        assert!(tag.risk().score <= Score::percent(2), "{:?}", tag.risk());
        let unknown = Inputs { disruption: None, ..tag }.risk();
        assert!(unknown.not_known.len() == 2 && unknown.score > tag.risk().score, "{unknown:?}");
        assert_eq!(unknown.factors[0].text, "what changing it back does is not known");
        assert!(unknown.factors.iter().all(|one| one.text != "it differs"), "{unknown:?}");
        let gone = Inputs { drift_type: DriftType::Deleted, changes: 0, ..tag }.risk();
        assert_eq!(gone.factors[0].text, "it is declared, and is not there");
    }
}
