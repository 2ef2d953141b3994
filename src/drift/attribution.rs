//! Who was behind a drift, as an audit trail tells it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PropertyPath, TakenBack};
use crate::safety::Tainted;

/// What kind of hand it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorClass {
    /// A person in the web console.
    Console,
    /// A person on the command line.
    CommandLine,
    /// Terraform, CloudFormation, Pulumi, a pipeline.
    Iac,
    /// A service of the cloud, for itself or for somebody.
    Service,
    SecurityTool,
    /// A program with an SDK.
    Script,
}

impl ActorClass {
    /// Every value.
    pub const ALL: [Self; 6] =
        [Self::Console, Self::CommandLine, Self::Iac, Self::Service, Self::SecurityTool, Self::Script];

    /// The word in store and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::CommandLine => "command_line",
            Self::Iac => "iac",
            Self::Service => "service",
            Self::SecurityTool => "security_tool",
            Self::Script => "script",
        }
    }

    /// In words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Console => "a person in the console",
            Self::CommandLine => "a person on the command line",
            Self::Iac => "an IaC run",
            Self::Service => "a cloud service",
            Self::SecurityTool => "a security tool",
            Self::Script => "a script",
        }
    }
}

/// One write that may have made a drift.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Attribution {
    /// The person where one is known: behind an assumed role the session's name.
    pub actor: Tainted,
    /// What they acted as: the ARN of user or role; empty where there is none.
    pub identity: Tainted,
    /// `None`: the event does not tell.
    pub class: Option<ActorClass>,
    /// What speaks for the class, or why there is none.
    pub class_reason: Tainted,
    pub at: Timestamp,
    /// `AuthorizeSecurityGroupIngress`
    pub event: Tainted,
    /// `ec2.amazonaws.com`
    pub source: Tainted,
    pub event_id: Tainted,
    pub address: Tainted,
    pub user_agent: Tainted,
    /// Changed properties the event speaks of; empty: none in particular.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PropertyPath>,
    /// Why it is taken for the cause.
    pub reason: Tainted,
    /// It may have been another write just as well: somebody else's names the same property, or not all of them were read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_likely: bool,
    /// What the same hand had changed before and taken back itself [soon](TakenBack::SOON), oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_back: Vec<TakenBack>,
    /// How often it was there before and ended in another way, as the trail tells: by somebody else, or not soon.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ended_otherwise: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Attribution {
    /// It names what changed, and nobody else's write does.
    pub fn is_certain(&self) -> bool {
        !self.paths.is_empty() && !self.is_likely
    }

    /// How sure one can be, in words.
    pub fn certainty(&self) -> &'static str {
        if self.is_certain() {
            "certain: it names what changed, and nobody else wrote that in the time looked through"
        } else if self.is_likely {
            "likely: somebody else may have written the same in the time looked through"
        } else {
            "likely: nobody else wrote to it in the time looked through, but the event does not name what changed"
        }
    }
}

/// The answer to who it was.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Who {
    /// The span that was looked through.
    pub from: Timestamp,
    pub until: Timestamp,
    /// The names under which the trail was asked for the resource, in their order.
    pub asked: Vec<Tainted>,
    /// Writes to it, the likeliest first.
    pub found: Vec<Attribution>,
    /// Further writes that are not listed.
    pub more: u32,
    /// Writes that failed; they changed nothing.
    pub failed: u32,
    /// There were more events than are read.
    pub is_cut: bool,
}

impl Who {
    /// The one to put it down to: an event that speaks of what changed, or the only one who wrote at all.
    pub fn culprit(&self) -> Option<&Attribution> {
        let first = self.found.first()?;
        let is_alone = self.more == 0 && self.found.iter().all(|one| one.actor == first.actor);
        (!first.paths.is_empty() || is_alone).then_some(first)
    }

    /// Who else wrote to it.
    pub fn others(&self) -> &[Attribution] {
        &self.found[usize::from(self.culprit().is_some())..]
    }

    /// Sentences about what is not known.
    pub fn remarks(&self, clock: impl Fn(Timestamp) -> String) -> Vec<String> {
        let span = format!("between {} and {}", clock(self.from), clock(self.until));
        let mut remarks = vec![];
        if self.found.is_empty() {
            remarks.push(format!(
                "CloudTrail knows no write to it {span}; data events and events older than 90 days are not kept, and new \
                 ones take up to 15 minutes to arrive"
            ));
        } else if self.culprit().is_none() {
            remarks.push("several wrote to it, and no event speaks of what changed: nobody is named".into());
        }
        if self.failed > 0 {
            let times = if self.failed == 1 { "1 attempt".into() } else { format!("{} attempts", self.failed) };
            remarks.push(format!("{times} to write it failed {span}: they changed nothing"));
        }
        if self.more > 0 {
            remarks.push(format!("{} more writes are not listed", self.more));
        }
        if self.is_cut {
            remarks.push("only the newest events of that time were read".into());
        }
        remarks
    }
}
