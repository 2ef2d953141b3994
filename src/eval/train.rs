//! Labelled cases as rows to learn severity from.

use serde_json::Value;

use super::predict::changes;
use super::{Case, Gold};
use crate::analysis::{self, Evidence, Model};
use crate::drift::{Direction, DriftType, Score, Severity, SeverityClass};
use crate::knowledge::Grader;
use crate::learned::Line;

/// One case as numbers, with what is right.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    pub id: String,
    /// The rule it is an example of: cases of one rule are never on both sides of a split.
    pub family: String,
    /// Who wrote the rule; what that tool says of the attribute elsewhere is left out of the numbers.
    pub source: String,
    pub severity: SeverityClass,
    /// Labelled by a tool; otherwise LOW by what it is (hardening, benign).
    pub is_graded: bool,
    /// As the evidence has them; see [`Self::hears`].
    pub numbers: Vec<f64>,
    /// What shows which way it goes: the property, and why; empty: nothing does.
    pub told: [String; 2],
    direction: Direction,
    rules: Severity,
    is_watched: bool,
}

impl Row {
    /// From a line of a labelled file; `None` for one that says nothing about severity.
    pub fn parse(line: &str) -> Result<Option<Self>, String> {
        let (case, gold) = (Case::parse(line)?, Gold::parse(line)?);
        let row: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let is_calm = matches!(gold.direction, Some(Direction::Hardening | Direction::Neutral));
        let Some(severity) = gold.severity.or(is_calm.then_some(SeverityClass::Low)) else { return Ok(None) };
        let rule = if text("query").is_empty() { text("check_id") } else { text("query") };
        let family = rule.rsplit('/').next().filter(|family| !family.is_empty()).unwrap_or(&case.id);
        let changes = changes(&case);
        let rules = analysis::rules_severity(&super::predict::resource(&case), DriftType::Modified, &changes);
        let evidence = Evidence::of(&case.resource_type, DriftType::Modified, &changes, rules);
        let own = Grader::ALL.into_iter().find(|grader| grader.as_str() == text("source"));
        let evidence = match own {
            Some(grader) => evidence.without(grader),
            None => evidence,
        };
        Ok(Some(Self {
            id: case.id.clone(),
            family: family.to_owned(),
            source: text("source").to_owned(),
            severity,
            is_graded: !is_calm,
            numbers: analysis::features(&evidence),
            told: evidence
                .course
                .shown_by
                .as_ref()
                .map_or_else(Default::default, |(path, lean)| [path.raw().to_owned(), lean.why.to_owned()]),
            direction: evidence.course.direction,
            rules,
            is_watched: evidence.is_watched(),
        }))
    }

    pub fn loosens(&self) -> bool {
        self.direction == Direction::Loosening
    }

    /// What policy tools would say of it is one more number.
    pub fn hears(&mut self, tools: &Line) {
        self.numbers.push(tools.predict(&self.numbers));
    }

    /// Graded, and not so certain by the rules that the model has no say.
    pub fn is_open(&self) -> bool {
        self.is_graded && self.rules.security < analysis::CERTAIN
    }

    /// The overall score as the analysis would give it with this model.
    pub fn overall(&self, model: &Model) -> f64 {
        let guard = analysis::guard_score(model, &self.numbers, self.direction, &self.rules, self.is_watched);
        let others = analysis::side_score(self.direction, self.rules.performance.max(self.rules.cost));
        guard.map_or(self.rules.overall(), |guard| guard.max(others)).as_f64()
    }

    /// How sure the analysis would be, with this model, that graders give the class of the overall score.
    pub fn confidence(&self, model: &Model) -> f64 {
        let class = SeverityClass::of(Score::new(self.overall(model)).unwrap_or_default());
        model.confidence(&self.numbers, class)
    }

    /// The overall score of the rules alone.
    pub fn rules(&self) -> f64 {
        self.rules.overall().as_f64()
    }
}
