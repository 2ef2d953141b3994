//! Who made a drift, in lines of plain text.

use jiff::Timestamp;

use crate::drift::{Attribution, Who};
use crate::safety::Tainted;

/// One write: what it is called, and the fact. Facts nobody knows are left out.
pub fn facts(one: &Attribution, clock: impl Fn(Timestamp) -> String) -> Vec<(&'static str, String)> {
    let class = one.class.map_or("not known", |class| class.words());
    let paths: Vec<String> = one.paths.iter().map(|path| path.0.line()).collect();
    let told = [
        ("who", one.actor.line()),
        ("kind", format!("{class}: {}", one.class_reason.line())),
        ("when", clock(one.at)),
        ("event", format!("{} ({})", one.event.line(), one.source.line())),
        ("changes", paths.join(", ")),
        ("why it", one.reason.line()),
        ("how sure", one.certainty().to_owned()),
        ("before", one.tried().unwrap_or_default()),
        ("as", one.identity.line()),
        ("from", one.address.line()),
        ("with", one.user_agent.line()),
        ("event id", one.event_id.line()),
    ];
    told.into_iter().filter(|(_, fact)| !fact.is_empty()).collect()
}

/// Another write, in one line.
pub fn line(one: &Attribution, clock: impl Fn(Timestamp) -> String) -> String {
    let class = one.class.map_or("", |class| class.words());
    let by = if class.is_empty() { String::new() } else { format!(" ({class})") };
    format!("{}  {}{by}: {}", clock(one.at), one.actor.line(), one.event.line())
}

/// All of it.
pub fn text(who: &Who, clock: impl Fn(Timestamp) -> String) -> Vec<String> {
    let mut lines = vec![];
    let facts = who.culprit().map_or(vec![], |one| facts(one, &clock));
    lines.extend(facts.into_iter().map(|(name, fact)| format!("{name:<9} {fact}")));
    lines.extend((!who.others().is_empty()).then(|| "also wrote to it:".to_owned()));
    lines.extend(who.others().iter().map(|one| format!("   {}", line(one, &clock))));
    lines.extend(who.remarks(&clock));
    let asked: Vec<String> = who.asked.iter().map(Tainted::line).collect();
    lines.push(format!("asked for {}, {} to {}", asked.join(", "), clock(who.from), clock(who.until)));
    lines
}
