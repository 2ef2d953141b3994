//! `driftguard scan --estimate`: how many calls, before any of them is made.

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use crate::live::aws::estimate::Estimate;
use crate::safety::Tainted;
use crate::scan::EnvironmentSpec;
use crate::scan::sources::{Expected, expect};
use crate::service::{ASKED_BY_ITSELF, LONGEST_BY_ITSELF};

/// Calls a second, cautiously: what AWS Config answers one account and region without slowing it down.
const CALLS_A_SECOND: u64 = 10;
/// Listing a stack's resources, starting the detection, asking whether it is done, and what it found.
const CALLS_A_STACK: usize = 4;
/// Names a resource is looked up by.
const NAMES: usize = 4;
/// Dollars a request, the dearest S3 has for reading ([pricing], LIST in us-east-1); a read of DynamoDB costs less.
///
/// [pricing]: https://aws.amazon.com/s3/pricing/
const S3_REQUEST: f64 = 0.005 / 1000.0;

pub(super) fn run(specs: &[EnvironmentSpec]) -> anyhow::Result<u8> {
    let (mut out, mut failed) = (io::stdout().lock(), false);
    for spec in specs {
        let slug = &spec.environment.slug;
        let Some(access) = &spec.aws else {
            writeln!(out, "{slug}  reads no cloud: 0 calls")?;
            continue;
        };
        let expected = expect(spec, access, &AtomicBool::new(false));
        for one in &expected.estimates {
            writeln!(out, "{slug}  {}", line(one))?;
            for (config_type, count) in one.types.iter().filter(|(_, count)| **count > 0) {
                writeln!(out, "    {count:>7}  {config_type}")?;
            }
        }
        for text in beside(&expected, access.blame) {
            writeln!(out, "{slug}  {text}")?;
        }
        for (name, fault) in &expected.faults {
            writeln!(out, "{slug}  {name}: {}\n    {}", Tainted::from(fault.to_string()).line(), fault.help())?;
            failed = true;
        }
    }
    Ok(if failed { 1 } else { 0 })
}

fn line(one: &Estimate) -> String {
    let (calls, target) = (one.calls(), &one.target);
    let control = match one.unrecorded {
        0 => String::new(),
        n => format!(" and {n} to Cloud Control"),
    };
    let tags = match one.calls_for_tags() {
        0 => String::new(),
        n => format!(", at most {n} more for tags that its SELECT does not tell"),
    };
    let (place, types) = (format!("{} {}", target.account, target.region), one.types.len());
    if let Some(fault) = &one.uncounted {
        let fault = Tainted::from(fault.to_string());
        return format!(
            "{place}: count not known ({}), {types} types, from {calls} calls to AWS Config{control}, three more for each hundred \
             resources; AWS does not bill them",
            fault.line()
        );
    }
    format!(
        "{place}: {} resources of {types} types, {calls} calls to AWS Config{tags}{control}, about {} s; AWS does not bill them",
        one.resources(),
        (calls + one.unrecorded).div_ceil(CALLS_A_SECOND)
    )
}

/// What is asked of other services.
fn beside(expected: &Expected, blame: bool) -> Vec<String> {
    let mut lines = vec![];
    if expected.stacks > 0 {
        let (stacks, places) = (expected.stacks, expected.estimates.len().max(1));
        let calls = stacks * CALLS_A_STACK * places;
        lines.push(format!(
            "{stacks} stacks or patterns of stacks: {calls} calls to CloudFormation or more, as many again each time a \
             detection is waited for; AWS does not bill them"
        ));
    }
    let state = expected.state.calls();
    if state > 0 {
        let cost = (state as f64 * S3_REQUEST * 100.0).ceil() / 100.0;
        lines.push(format!("{state} calls for the state, which AWS bills: at most ${cost:.2}"));
    }
    if blame {
        lines.push(format!(
            "who made new severe drift, for at most {ASKED_BY_ITSELF} of them each time, by a scan and while the screens are \
             open: at most {} look-ups in CloudTrail, two a second, by a scan no longer than {} s, and more where an answer has \
             several pages; AWS does not bill them",
            ASKED_BY_ITSELF * NAMES,
            LONGEST_BY_ITSELF.as_secs()
        ));
    }
    if !expected.estimates.is_empty() {
        lines.push(
            "a configured environment that is scanned again within a day: about a third of the calls to AWS Config, where its \
             SELECT can be believed"
                .into(),
        );
    }
    lines
}
