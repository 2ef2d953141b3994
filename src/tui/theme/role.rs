//! What a style is for.

/// A part of the screen that has a style of its own. A theme that leaves a role out gives it the style of its
/// [`fallback`](Role::fallback).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    Text,
    Dim,
    Title,
    Border,
    BorderFocus,
    Selection,
    Marked,
    StatusBar,
    Key,
    SeverityCritical,
    SeverityHigh,
    SeverityMedium,
    SeverityLow,
    Added,
    Removed,
    Modified,
    AddedInline,
    RemovedInline,
    Hidden,
    Unverified,
    Warning,
    Error,
    Success,
    Production,
    SyntaxKey,
    SyntaxString,
    SyntaxNumber,
    SyntaxConstant,
    SyntaxPunctuation,
    Link,
}

impl Role {
    /// Every role with its name in theme files, in the order of the enum.
    pub const ALL: [(Self, &'static str); 30] = [
        (Self::Text, "text"),
        (Self::Dim, "dim"),
        (Self::Title, "title"),
        (Self::Border, "border"),
        (Self::BorderFocus, "border-focus"),
        (Self::Selection, "selection"),
        (Self::Marked, "marked"),
        (Self::StatusBar, "status-bar"),
        (Self::Key, "key"),
        (Self::SeverityCritical, "severity-critical"),
        (Self::SeverityHigh, "severity-high"),
        (Self::SeverityMedium, "severity-medium"),
        (Self::SeverityLow, "severity-low"),
        (Self::Added, "added"),
        (Self::Removed, "removed"),
        (Self::Modified, "modified"),
        (Self::AddedInline, "added-inline"),
        (Self::RemovedInline, "removed-inline"),
        (Self::Hidden, "hidden"),
        (Self::Unverified, "unverified"),
        (Self::Warning, "warning"),
        (Self::Error, "error"),
        (Self::Success, "success"),
        (Self::Production, "production"),
        (Self::SyntaxKey, "syntax-key"),
        (Self::SyntaxString, "syntax-string"),
        (Self::SyntaxNumber, "syntax-number"),
        (Self::SyntaxConstant, "syntax-constant"),
        (Self::SyntaxPunctuation, "syntax-punctuation"),
        (Self::Link, "link"),
    ];

    /// The name in theme files.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The role with this name in theme files.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, n)| *n == name).map(|(role, _)| *role)
    }

    /// Whose style this role takes when a theme says nothing about it; `None` for text, which ends every chain.
    pub fn fallback(self) -> Option<Self> {
        match self {
            Self::Text => None,
            Self::Border | Self::Hidden | Self::Unverified | Self::SyntaxPunctuation => Some(Self::Dim),
            Self::BorderFocus | Self::Key => Some(Self::Title),
            Self::Marked | Self::SyntaxKey => Some(Self::Key),
            Self::AddedInline => Some(Self::Added),
            Self::RemovedInline => Some(Self::Removed),
            Self::SeverityCritical | Self::Production => Some(Self::Error),
            Self::SeverityHigh | Self::SeverityMedium => Some(Self::Warning),
            Self::SyntaxConstant => Some(Self::SyntaxNumber),
            _ => Some(Self::Text),
        }
    }
}
