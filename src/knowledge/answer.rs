//! What the tables say of one property.

use std::collections::BTreeMap;

use crate::drift::{Disruption, SeverityClass};

/// A policy tool that grades.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grader {
    Prowler,
    Psrule,
    Terrascan,
    Trivy,
}

impl Grader {
    pub const ALL: [Self; 4] = [Self::Prowler, Self::Psrule, Self::Terrascan, Self::Trivy];

    /// As it calls itself, and as the tables spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prowler => "prowler",
            Self::Psrule => "psrule",
            Self::Terrascan => "terrascan",
            Self::Trivy => "trivy",
        }
    }
}

/// A set of rules that auditors go by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framework {
    Cis,
    Soc2,
    Hipaa,
    PciDss,
    Gdpr,
    Iso27001,
    Nist,
}

impl Framework {
    pub const ALL: [Self; 7] =
        [Self::Cis, Self::Soc2, Self::Hipaa, Self::PciDss, Self::Gdpr, Self::Iso27001, Self::Nist];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cis => "CIS",
            Self::Soc2 => "SOC 2",
            Self::Hipaa => "HIPAA",
            Self::PciDss => "PCI DSS",
            Self::Gdpr => "GDPR",
            Self::Iso27001 => "ISO 27001",
            Self::Nist => "NIST 800-53",
        }
    }

    /// The word in configuration and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cis => "cis",
            Self::Soc2 => "soc2",
            Self::Hipaa => "hipaa",
            Self::PciDss => "pci_dss",
            Self::Gdpr => "gdpr",
            Self::Iso27001 => "iso27001",
            Self::Nist => "nist",
        }
    }
}

/// How closely the tables know the property.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Near {
    /// By its own path.
    Itself,
    /// By that of the block it stands in.
    Above,
    /// By what stands in it.
    Within,
    #[default]
    Nowhere,
}

/// The grades of one tool, the mildest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grade {
    pub grader: Grader,
    pub severities: Vec<SeverityClass>,
}

impl Grade {
    /// The middle one; the graver of two.
    pub fn median(&self) -> SeverityClass {
        self.severities.get(self.severities.len() / 2).copied().unwrap_or(SeverityClass::Medium)
    }
}

/// Everything known of one property.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    pub near: Near,
    pub grades: Vec<Grade>,
    /// Tools that look at it without grading it.
    pub looked_at_by: Vec<&'static str>,
    /// Control ids by framework.
    pub controls: BTreeMap<Framework, Vec<String>>,
    pub moves_the_bill: bool,
    pub update_requires: Option<Disruption>,
    /// Repositories of others that declare it as changed outside of code.
    pub expected_to_change_in: u32,
}

impl Known {
    /// Whether any policy tool looks at it.
    pub fn is_watched(&self) -> bool {
        !self.grades.is_empty() || !self.looked_at_by.is_empty()
    }

    /// The median of the graders' medians, the graver of two in the middle; `None`: nobody grades it.
    pub fn median(&self) -> Option<SeverityClass> {
        let mut medians: Vec<SeverityClass> = self.grades.iter().map(Grade::median).collect();
        medians.sort_unstable();
        medians.get(medians.len() / 2).copied()
    }

    /// The mildest and the gravest of the graders' medians.
    pub fn spread(&self) -> Option<(SeverityClass, SeverityClass)> {
        let medians = || self.grades.iter().map(Grade::median);
        Some((medians().min()?, medians().max()?))
    }

    /// `prowler and trivy say HIGH, terrascan MEDIUM`; empty: nobody grades it.
    pub fn sentence(&self) -> String {
        let by_class = |class: SeverityClass| {
            let names: Vec<&str> =
                self.grades.iter().filter(|g| g.median() == class).map(|g| g.grader.as_str()).collect();
            (names, class)
        };
        let mut said: Vec<String> = vec![];
        for (names, class) in
            SeverityClass::WORST_FIRST.map(by_class).into_iter().filter(|(names, _)| !names.is_empty())
        {
            let verb = match (said.is_empty(), names.len()) {
                (false, _) => "",
                (true, 1) => "says ",
                (true, _) => "say ",
            };
            said.push(format!("{} {verb}{}", listed(&names), class.as_str()));
        }
        said.join(", ")
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
