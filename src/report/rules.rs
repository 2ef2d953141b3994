//! Ignore rules for people and machines: `driftguard rules`, and the unused ones in the report of a scan.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::compare::RuleInfo;
use crate::drift::{NeverHideRule, RuleId, RuleStatus, Slug};
use crate::safety::{Tainted, escape};

/// `driftguard.rules/1`. Fields are added, never renamed or removed, within one version.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    ignore_rules: Vec<RuleRow<'a>>,
    /// What people decided that the comparer must not hide.
    never_hide: &'a [NeverHideRule],
    comparer_rules: Vec<ComparerRow>,
}

#[derive(Serialize)]
pub(super) struct RuleRow<'a> {
    id: RuleId,
    /// `null`: everywhere.
    environment: Option<&'a Slug>,
    resource_type: Option<&'a Tainted>,
    resource_id: Option<&'a Tainted>,
    path: Option<&'a Tainted>,
    value: Option<&'a Tainted>,
    actor: Option<&'a Tainted>,
    reason: &'a Tainted,
    owner: &'a Tainted,
    created_at: jiff::Timestamp,
    expires_at: Option<jiff::Timestamp>,
    /// Since when nothing matches it any more; `null`: it hides something, has expired, or no complete scan has tried it yet.
    unused_since: Option<jiff::Timestamp>,
    expired: bool,
    /// What it hides now.
    drifts: u64,
    changes: u64,
    critical: u64,
    /// For a rule by actor: environments in which no actor is known, with what is read of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    no_actor: &'a BTreeMap<Slug, String>,
}

impl<'a> From<&'a RuleStatus> for RuleRow<'a> {
    fn from(status: &'a RuleStatus) -> Self {
        let rule = &status.rule;
        Self {
            id: rule.id,
            environment: rule.environment.as_ref(),
            resource_type: rule.resource_type.as_ref(),
            resource_id: rule.resource_id.as_ref(),
            path: rule.path.as_ref(),
            value: rule.value.as_ref(),
            actor: rule.actor.as_ref(),
            reason: &rule.reason,
            owner: &rule.owner,
            created_at: rule.created_at,
            expires_at: rule.expires_at,
            unused_since: status.unused_since,
            expired: status.is_expired,
            drifts: status.hides.drifts,
            changes: status.hides.changes,
            critical: status.hides.critical,
            no_actor: &status.hides.no_actor,
        }
    }
}

#[derive(Serialize)]
struct ComparerRow {
    id: &'static str,
    sentence: &'static str,
    scope: &'static str,
}

/// One document.
pub fn write_json(
    ignoring: &[RuleStatus],
    never_hide: &[NeverHideRule],
    comparer: &'static [RuleInfo],
    out: &mut dyn Write,
) -> io::Result<()> {
    let comparer_row = |r: &RuleInfo| ComparerRow { id: r.id, sentence: r.sentence, scope: r.scope };
    let document = Document {
        schema: "driftguard.rules/1",
        ignore_rules: ignoring.iter().map(RuleRow::from).collect(),
        never_hide,
        comparer_rules: comparer.iter().map(comparer_row).collect(),
    };
    escape::to_json_writer(&mut *out, &document, true)?;
    writeln!(out)
}

/// For a terminal.
pub fn write_text(
    ignoring: &[RuleStatus],
    never_hide: &[NeverHideRule],
    comparer: &[RuleInfo],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "Ignore rules: {}", ignoring.len())?;
    for one in ignoring {
        let environment = one.rule.environment.as_ref().map_or("everywhere", Slug::as_str);
        writeln!(out, "\n  {}  in {environment}\n    {}", one.rule.id, one.rule.says())?;
        writeln!(out, "    {}\n    {}", standing(one), why(one))?;
        one.hides.actor_warning().map_or(Ok(()), |why| writeln!(out, "    {why}"))?;
    }
    if !never_hide.is_empty() {
        writeln!(out, "\nNever hidden, by decision: {}", never_hide.len())?;
    }
    for one in never_hide {
        let environment = one.environment.as_ref().map_or("everywhere", Slug::as_str);
        let shown = |text: &Option<Tainted>| text.as_ref().map_or("any".to_owned(), Tainted::line);
        let [kind, id, path] = [&one.resource_type, &one.resource_id, &one.path].map(shown);
        writeln!(out, "\n  {}  in {environment}\n    {}: type {kind}, id {id}, path {path}", one.id, one.rule)?;
        writeln!(out, "    by {}, {}", one.owner.line(), one.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"))?;
    }
    writeln!(out, "\nRules of the comparer: {}; never_hide in the configuration switches one off\n", comparer.len())?;
    let width = comparer.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in comparer {
        writeln!(out, "  {:width$}  {} ({})", rule.id, rule.sentence, rule.scope)?;
    }
    Ok(())
}

/// `hides 3 drifts, 5 changes; ends 2026-12-01T09:00:00Z`
fn standing(one: &RuleStatus) -> String {
    let plural = |n: u64, what: &str| if n == 1 { format!("{n} {what}") } else { format!("{n} {what}s") };
    let second = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ");
    let end = one.rule.expires_at.map_or("no end".to_owned(), |at| format!("ends {}", second(at)));
    match (one.is_expired, one.unused_since, one.rule.expires_at) {
        (true, _, Some(at)) => format!("expired {}", second(at)),
        (_, Some(since), _) => format!("matches nothing any more, since {}; {end}", second(since)),
        _ if one.hides.drifts == 0 => {
            format!("hides nothing yet, not scanned to the end since it was made or changed; {end}")
        }
        _ => format!("hides {}, {}; {end}", plural(one.hides.drifts, "drift"), plural(one.hides.changes, "change")),
    }
}

fn why(one: &RuleStatus) -> String {
    format!("{} (by {}, {})", one.rule.reason.line(), one.rule.owner.line(), one.rule.created_at.strftime("%Y-%m-%d"))
}

/// One line for each rule that matches nothing any more or has expired; nothing when there is none.
pub(super) fn unused_lines(unused: &[RuleStatus]) -> Vec<String> {
    unused.iter().map(|one| format!("{}: {}; {}", one.rule.says(), standing(one), why(one))).collect()
}
