//! What a server can be asked for: how a client that is newer, or older, knows what not to ask.

/// One thing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Capability {
    Contexts,
    Groups,
    Incident,
    NeverHide,
    Rules,
    Scans,
    Untold,
    Who,
}

impl Capability {
    /// Everything this version knows.
    pub const ALL: [Self; 8] = [
        Self::Contexts,
        Self::Groups,
        Self::Incident,
        Self::NeverHide,
        Self::Rules,
        Self::Scans,
        Self::Untold,
        Self::Who,
    ];

    /// As a greeting names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contexts => "contexts",
            Self::Groups => "groups",
            Self::Incident => "incident",
            Self::NeverHide => "never_hide",
            Self::Rules => "rules",
            Self::Scans => "scans",
            Self::Untold => "untold",
            Self::Who => "who",
        }
    }
}
