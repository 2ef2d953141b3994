//! For programs: `driftguard.incident/1`. Fields are added, never renamed or removed, within one version.

use std::io::{self, Write};

use serde::Serialize;

use crate::drift::{Density, DriftEvent, Happening, Incident, Joint, OperationalContext};
use crate::safety::escape;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    from: jiff::Timestamp,
    until: jiff::Timestamp,
    /// Newest first.
    happenings: &'a [Happening],
    drifts: &'a [DriftEvent],
    /// More happened than is listed.
    cut: bool,
    density: &'a [Density],
    /// Oldest first.
    #[serde(skip_serializing_if = "<[OperationalContext]>::is_empty")]
    markers: &'a [OperationalContext],
    #[serde(skip_serializing_if = "<[Joint]>::is_empty")]
    together: &'a [Joint],
}

pub(super) fn write(incident: &Incident, out: &mut dyn Write) -> io::Result<()> {
    let Incident { from, until, happenings, drifts, cut, density, markers, together } = incident;
    let schema = "driftguard.incident/1";
    let document =
        Document { schema, from: *from, until: *until, happenings, drifts, cut: *cut, density, markers, together };
    escape::to_json_writer(&mut *out, &document, true)?;
    writeln!(out)
}
