//! What a server can be asked for: how a client that is newer, or older, knows what not to ask.

/// One thing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Capability {
    Contexts,
    Groups,
    Incident,
    NeverHide,
    Notifications,
    /// Advice is answered, and nothing else done.
    Outcomes,
    Presence,
    /// What a recommendation says needs somebody's approval.
    Remediations,
    Rules,
    Scans,
    Untold,
    Who,
}

impl Capability {
    /// Everything this version knows.
    pub const ALL: [Self; 12] = [
        Self::Contexts,
        Self::Groups,
        Self::Incident,
        Self::NeverHide,
        Self::Notifications,
        Self::Outcomes,
        Self::Presence,
        Self::Remediations,
        Self::Rules,
        Self::Scans,
        Self::Untold,
        Self::Who,
    ];

    /// What was there before a greeting named any.
    pub const FIRST: [Self; 8] = [
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
            Self::Notifications => "notifications",
            Self::Outcomes => "outcomes",
            Self::Presence => "presence",
            Self::Remediations => "remediations",
            Self::Rules => "rules",
            Self::Scans => "scans",
            Self::Untold => "untold",
            Self::Who => "who",
        }
    }
}
