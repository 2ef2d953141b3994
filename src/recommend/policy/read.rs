//! Policy files. Every mistake has its place and says what would be right.

use std::collections::HashMap;
use std::ops::Range;

use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, SeqAccess, Visitor};
use toml::Spanned;

use super::when::{Asks, Bound, Condition, Key, When, Word};
use super::{Added, Deed, Rank, Rule};
use crate::config::parse_duration;
use crate::drift::query::{Pattern, Than};
use crate::drift::{
    Axis, Cause, CloudProvider, Direction, DriftType, Effort, RecommendationType, Score, SeverityClass,
};
use crate::recommend::usual;
use crate::safety::{Redactor, Tainted};

/// How long an exception that it proposes.
const EXCEPTION: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A mistake in a policy file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct PolicyError {
    pub file: String,
    /// Both from 1.
    pub line: usize,
    pub column: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    #[serde(default)]
    rule: Vec<Spanned<RuleText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    name: Spanned<String>,
    #[serde(default)]
    when: WhenText,
    add: Option<AddText>,
    veto: Option<VetoText>,
    rerank: Option<RankText>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct WhenText {
    production: Option<bool>,
    environment: Option<Spanned<Texts>>,
    provider: Option<Spanned<Texts>>,
    #[serde(rename = "type")]
    kind: Option<Spanned<Texts>>,
    address: Option<Spanned<Texts>>,
    path: Option<Spanned<Texts>>,
    cause: Option<Spanned<Texts>>,
    actor: Option<Spanned<Texts>>,
    tag: Option<Spanned<Texts>>,
    drift_type: Option<Spanned<Texts>>,
    direction: Option<Spanned<Texts>>,
    severity: Option<Spanned<Texts>>,
    security: Option<Spanned<String>>,
    performance: Option<Spanned<String>>,
    cost: Option<Spanned<String>>,
    compliance: Option<Spanned<String>>,
    confidence: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddText {
    #[serde(rename = "type")]
    kind: Spanned<String>,
    priority: Spanned<String>,
    rationale: Spanned<String>,
    #[serde(default)]
    steps: Vec<String>,
    effort: Option<Spanned<String>>,
    expires: Option<Spanned<String>>,
    accept_for: Option<Spanned<String>>,
    to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VetoText {
    #[serde(rename = "type")]
    kinds: Spanned<Texts>,
    reason: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RankText {
    #[serde(rename = "type")]
    kinds: Spanned<Texts>,
    priority: Spanned<String>,
}

/// One text or a list of them.
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Texts;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut texts = vec![];
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        d.deserialize_any(Either)
    }
}

/// The rules of a file. `known`: those of other files, whose names are taken.
pub(super) fn rules(file: &str, text: &str, known: &[Rule]) -> Result<Vec<Rule>, Vec<PolicyError>> {
    let mut reader = Reader { file, text, errors: vec![], redactor: Redactor::once() };
    let parsed: FileText = match toml::from_str(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            reader.wrong(&error.span().unwrap_or(0..0), error.message().to_owned());
            return Err(reader.errors);
        }
    };
    let mut names: HashMap<String, String> =
        known.iter().map(|rule| (rule.name.raw().to_owned(), rule.place.clone())).collect();
    let mut rules = vec![];
    for one in parsed.rule {
        let name = one.get_ref().name.clone();
        let rule = reader.rule(one);
        if let Some(place) = names.insert(name.get_ref().clone(), rule.place.clone()) {
            let why = format!("a rule named '{}' stands at {place} already: give it another name", name.get_ref());
            reader.wrong(&name.span(), why);
        }
        rules.push(rule);
    }
    if reader.errors.is_empty() { Ok(rules) } else { Err(reader.errors) }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    errors: Vec<PolicyError>,
    /// What a rule says is shown to everybody who sees the advice: secrets do not belong there.
    redactor: Redactor,
}

impl Reader<'_> {
    fn shown(&self, text: &str) -> Tainted {
        self.redactor.mask_text(text)
    }

    fn wrong(&mut self, at: &Range<usize>, what: String) {
        let (line, column) = self.position(at.start);
        self.errors.push(PolicyError { file: self.file.to_owned(), line, column, what });
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset.min(self.text.len())).unwrap_or(self.text);
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        (before.matches('\n').count() + 1, column)
    }

    fn rule(&mut self, one: Spanned<RuleText>) -> Rule {
        let span = one.span();
        let RuleText { name, when, add, veto, rerank } = one.into_inner();
        let place = format!("{}:{}", self.file, self.position(span.start).0);
        if name.get_ref().trim().is_empty() || name.get_ref().len() > 100 {
            self.wrong(&name.span(), "a name has 1 to 100 bytes: it is shown beside what the rule does".into());
        }
        let mut deeds = vec![];
        deeds.extend(add.and_then(|text| self.add(text)));
        deeds.extend(veto.and_then(|text| self.veto(&text)));
        deeds.extend(rerank.and_then(|text| self.rank(&text)));
        if deeds.is_empty() && self.errors.is_empty() {
            self.wrong(&span, "the rule does nothing: give it `add`, `veto` or `rerank`".into());
        }
        let when = self.when(when);
        Rule { name: name.into_inner().into(), place, when, deeds }
    }

    fn when(&mut self, text: WhenText) -> When {
        let mut all = vec![];
        let mut put = |text: String, asks: Option<Asks>| all.extend(asks.map(|asks| Condition { text, asks }));
        if let Some(wanted) = text.production {
            put(format!("production = {wanted}"), Some(Asks::Production(wanted)));
        }
        let causes: Vec<&str> = Cause::ALL.iter().map(|one| one.as_str()).collect();
        let directions: Vec<&str> = DIRECTIONS.iter().map(|one| one.as_str()).collect();
        let types: Vec<&str> = DriftType::ALL.iter().map(|one| one.as_str()).collect();
        let providers: Vec<&str> = CloudProvider::ALL.iter().map(|one| one.as_str()).collect();
        for (name, key, texts, known) in [
            ("environment", Key::Environment, text.environment, None),
            ("provider", Key::Provider, text.provider, Some(&providers)),
            ("type", Key::Type, text.kind, None),
            ("address", Key::Address, text.address, None),
            ("path", Key::Path, text.path, None),
            ("cause", Key::Cause, text.cause, Some(&causes)),
            ("actor", Key::Actor, text.actor, None),
            ("tag", Key::Tag, text.tag, None),
            ("drift_type", Key::DriftType, text.drift_type, Some(&types)),
            ("direction", Key::Direction, text.direction, Some(&directions)),
        ] {
            let Some(texts) = texts else { continue };
            let shown = format!("{name} = {}", texts.get_ref().0.join(" | "));
            put(shown, self.words(&texts, known.map(Vec::as_slice)).map(|words| Asks::Text(key, words)));
        }
        if let Some(texts) = &text.severity {
            put(format!("severity = {}", texts.get_ref().0.join(" | ")), self.classes(texts));
        }
        for (name, bound, asks) in [
            ("security", &text.security, (|b| Asks::Axis(Axis::Security, b)) as fn(Bound) -> Asks),
            ("performance", &text.performance, |b| Asks::Axis(Axis::Performance, b)),
            ("cost", &text.cost, |b| Asks::Axis(Axis::Cost, b)),
            ("compliance", &text.compliance, |b| Asks::Axis(Axis::Compliance, b)),
            ("confidence", &text.confidence, Asks::Confidence),
        ] {
            let Some(bound) = bound else { continue };
            put(format!("{name} {}", bound.get_ref()), self.bound(name, bound).map(asks));
        }
        When { all }
    }

    /// `known`: what it may be.
    fn words(&mut self, texts: &Spanned<Texts>, known: Option<&[&str]>) -> Option<Vec<Word>> {
        let mut words = vec![];
        for text in &texts.get_ref().0 {
            let (negated, pattern) = text.strip_prefix('!').map_or((false, text.as_str()), |rest| (true, rest));
            let fits = |known: &[&str]| pattern.contains(['*', '?']) || known.contains(&pattern);
            if pattern.is_empty() {
                self.wrong(&texts.span(), "a text is needed; `*` stands for any".into());
            } else if let Some(known) = known.filter(|known| !fits(known)) {
                self.wrong(&texts.span(), format!("'{pattern}' is none of {}", known.join(", ")));
            } else {
                words.push(Word { negated, pattern: Pattern::new(pattern) });
            }
        }
        if texts.get_ref().0.is_empty() {
            self.wrong(&texts.span(), "an empty list is about nothing: name something, or leave the key out".into());
        }
        (!words.is_empty()).then_some(words)
    }

    fn classes(&mut self, texts: &Spanned<Texts>) -> Option<Asks> {
        let mut classes = vec![];
        for text in &texts.get_ref().0 {
            let (than, word) = compared(text);
            match SeverityClass::WORST_FIRST.iter().find(|class| class.as_str().eq_ignore_ascii_case(word)) {
                Some(class) => classes.push((than, *class)),
                None => {
                    let why = format!("'{text}' is no severity: write critical, high, medium or low, or >=high");
                    self.wrong(&texts.span(), why);
                }
            }
        }
        (!classes.is_empty()).then_some(Asks::Class(classes))
    }

    fn bound(&mut self, name: &str, text: &Spanned<String>) -> Option<Bound> {
        let (than, number) = compared(text.get_ref());
        let number = number.parse::<f64>().ok();
        // A bound between two hundredths would be acted upon as another one than stands there.
        let exact = |number: f64| Score::new(number).ok().filter(|score| (score.as_f64() - number).abs() < 1e-9);
        let bound = than.zip(number.and_then(exact)).map(|(than, score)| Bound(than, score));
        if bound.is_none() {
            let why = format!(
                "{name}: '{}' is no bound: write a sign and a number from 0 to 1 with at most two decimals, such as \">= 0.8\"",
                text.get_ref()
            );
            self.wrong(&text.span(), why);
        }
        bound
    }

    fn add(&mut self, text: AddText) -> Option<Deed> {
        let (kind, priority) = (self.word(&text.kind, &TYPES), self.word(&text.priority, &PRIORITIES));
        let (effort, life) = kind.map_or((Effort::Hours, SignedDuration::ZERO), usual);
        let effort = text.effort.as_ref().map_or(Some(effort), |text| self.word(text, &["minutes", "hours", "days"]));
        if text.rationale.get_ref().trim().is_empty() {
            self.wrong(&text.rationale.span(), "say why: the rationale is what people see first".into());
        }
        let life = text.expires.as_ref().map_or(Some(life), |text| self.length(text));
        let accepts = kind == Some(RecommendationType::AcceptException);
        if let Some(given) = text.accept_for.as_ref().filter(|_| kind.is_some() && !accepts) {
            self.wrong(&given.span(), "accept_for belongs to type = \"accept_exception\"".into());
        }
        let accept_for = text.accept_for.as_ref().map_or(Some(EXCEPTION), |text| self.length(text));
        Some(Deed::Add(Box::new(Added {
            kind: kind?,
            priority: priority?,
            rationale: self.shown(text.rationale.get_ref()),
            steps: text.steps.iter().map(|step| self.shown(step)).collect(),
            effort: effort?,
            life: life?,
            accept_for: accept_for.filter(|_| accepts),
            to: text.to.map(|to| self.shown(&to)),
        })))
    }

    fn veto(&mut self, text: &VetoText) -> Option<Deed> {
        let kinds = self.kinds(&text.kinds);
        if kinds.iter().flatten().any(|kind| *kind == RecommendationType::ManualReview) {
            let why = "manual_review cannot be forbidden: it is what is left when everything else is";
            self.wrong(&text.kinds.span(), why.into());
        }
        if text.reason.get_ref().trim().is_empty() {
            self.wrong(&text.reason.span(), "say why: the reason is shown beside what is forbidden".into());
        }
        Some(Deed::Veto { kinds: kinds?, reason: self.shown(text.reason.get_ref()) })
    }

    fn rank(&mut self, text: &RankText) -> Option<Deed> {
        let kinds = self.kinds(&text.kinds);
        let rank = match text.priority.get_ref().as_str() {
            "up" => Some(Rank::Up),
            "down" => Some(Rank::Down),
            _ => self.word(&text.priority, &["low", "medium", "high", "critical", "up", "down"]).map(Rank::To),
        };
        Some(Deed::Rank { kinds: kinds?, rank: rank? })
    }

    fn kinds(&mut self, texts: &Spanned<Texts>) -> Option<Vec<RecommendationType>> {
        let mut kinds = vec![];
        for text in &texts.get_ref().0 {
            match named(text) {
                Some(kind) => kinds.push(kind),
                None => self.wrong(&texts.span(), format!("'{text}' is none of {}", TYPES.join(", "))),
            }
        }
        if texts.get_ref().0.is_empty() {
            self.wrong(&texts.span(), format!("name what it is about: {}", TYPES.join(", ")));
        }
        (!kinds.is_empty()).then_some(kinds)
    }

    fn word<T: DeserializeOwned>(&mut self, text: &Spanned<String>, known: &[&str]) -> Option<T> {
        let found = named(text.get_ref());
        if found.is_none() {
            self.wrong(&text.span(), format!("'{}' is none of {}", text.get_ref(), known.join(", ")));
        }
        found
    }

    fn length(&mut self, text: &Spanned<String>) -> Option<SignedDuration> {
        let read =
            parse_duration(text.get_ref()).and_then(|time| SignedDuration::try_from(time).map_err(|e| e.to_string()));
        read.map_err(|why| self.wrong(&text.span(), why)).ok()
    }
}

const TYPES: [&str; 5] = ["auto_revert", "codify_iac", "escalate_review", "accept_exception", "manual_review"];
const PRIORITIES: [&str; 4] = ["low", "medium", "high", "critical"];
const DIRECTIONS: [Direction; 4] =
    [Direction::Loosening, Direction::Hardening, Direction::Neutral, Direction::BackToDefault];

/// By the word in store and API.
fn named<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(word.into()).ok()
}

/// `>=high` as its sign and the rest.
fn compared(text: &str) -> (Option<Than>, &str) {
    let text = text.trim();
    let signed = Than::ALL.iter().find_map(|(than, sign)| Some((*than, text.strip_prefix(sign)?)));
    signed.map_or((None, text), |(than, rest)| (Some(than), rest.trim()))
}
