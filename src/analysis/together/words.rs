//! Why they belong together, as sentences.

use jiff::SignedDuration;

use super::{Bond, Why};

/// `4 have the same change of ingress of aws_security_group, at most 20m apart`
pub fn sentence(bond: &Bond) -> String {
    let (count, name) = (bond.members, bond.name.raw());
    let what = match bond.why {
        Why::Person => return "somebody put two of them together".to_owned(),
        Why::Hand => format!("{count} were made by {name}"),
        Why::Ticket => format!("{count} came while this was open: {name}"),
        Why::Change => format!("{count} have {name}"),
        Why::Module => format!("{count} are in {name}"),
    };
    if bond.apart < SignedDuration::from_secs(1) {
        return format!("{what}, seen at once");
    }
    format!("{what}, at most {} apart", length(bond.apart))
}

fn length(apart: SignedDuration) -> String {
    match apart.as_secs() {
        seconds if seconds < 60 => format!("{seconds}s"),
        seconds if seconds < 3_600 => format!("{}m", seconds / 60),
        seconds => format!("{}h", seconds / 3_600),
    }
}
