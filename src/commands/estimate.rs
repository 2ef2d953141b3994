//! `driftguard scan --estimate`: how many calls, before any of them is made.

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use crate::live::aws::estimate::{Estimate, estimate};
use crate::safety::Tainted;
use crate::scan::{EnvironmentSpec, sources};

/// Calls a second, cautiously: what AWS Config answers one account and region without slowing it down.
const CALLS_A_SECOND: u64 = 10;

pub(super) fn run(specs: &[EnvironmentSpec]) -> anyhow::Result<u8> {
    let (mut out, mut failed) = (io::stdout().lock(), false);
    for spec in specs {
        let slug = &spec.environment.slug;
        let Some(access) = &spec.aws else {
            writeln!(out, "{slug}  reads no cloud: 0 calls")?;
            continue;
        };
        let cancel = AtomicBool::new(false);
        let wanted = sources::wanted(spec, access, &cancel);
        let (estimates, faults) = estimate(access, &spec.environment, &wanted, &cancel);
        for one in &estimates {
            writeln!(out, "{slug}  {}", line(one))?;
            for (config_type, count) in one.types.iter().filter(|(_, count)| **count > 0) {
                writeln!(out, "    {count:>7}  {config_type}")?;
            }
        }
        for (name, fault) in &faults {
            writeln!(out, "{slug}  {name}: {}\n    {}", Tainted::from(fault.to_string()).line(), fault.help())?;
            failed = true;
        }
    }
    Ok(if failed { 1 } else { 0 })
}

fn line(one: &Estimate) -> String {
    let (calls, target) = (one.calls(), &one.target);
    format!(
        "{} {}: {} resources of {} types, {calls} calls to AWS Config, about {} s; AWS does not bill them",
        target.account,
        target.region,
        one.resources(),
        one.types.len(),
        calls.div_ceil(CALLS_A_SECOND)
    )
}
