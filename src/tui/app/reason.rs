//! Which decisions need a reason, as configured.

use super::overlay::FormKind;

/// The decisions that can be named.
pub const VERBS: [(&str, FormKind); 7] = [
    ("acknowledge", FormKind::Acknowledge),
    ("snooze", FormKind::Snooze),
    ("resolve", FormKind::Resolve),
    ("accept", FormKind::Accept),
    ("escalate", FormKind::Escalate),
    ("reopen", FormKind::Reopen),
    // A rule outlives who made it: one is needed whatever is configured.
    ("ignore", FormKind::Ignore),
];

/// The names of the decisions that need one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequireReason(Vec<String>);

impl Default for RequireReason {
    /// What settles a drift.
    fn default() -> Self {
        Self(["resolve", "accept", "escalate", "ignore"].map(String::from).into())
    }
}

impl RequireReason {
    /// `true`, `false`, or names with commas between them.
    ///
    /// # Errors
    /// A sentence that names what would be understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "true" => return Ok(Self(VERBS.map(|(name, _)| name.to_owned()).into())),
            "false" | "" => return Ok(Self(vec![])),
            _ => {}
        }
        let names = text.split(',').map(str::trim);
        let known = |name: &str| {
            let is_known = VERBS.iter().any(|(verb, _)| *verb == name);
            is_known.then(|| name.to_owned()).ok_or_else(|| {
                format!("'{name}' is no decision: true, false, or some of {}", VERBS.map(|(verb, _)| verb).join(", "))
            })
        };
        names.map(known).collect::<Result<_, _>>().map(Self)
    }

    /// As it is written.
    pub fn shown(&self) -> String {
        match self.0.len() {
            0 => "false".to_owned(),
            all if all == VERBS.len() => "true".to_owned(),
            _ => self.0.join(","),
        }
    }

    pub fn is_required(&self, kind: FormKind) -> bool {
        // A part of it is resolved like the whole.
        let kind = if kind == FormKind::ResolveChange { FormKind::Resolve } else { kind };
        let name = VERBS.iter().find(|(_, verb)| *verb == kind).map(|(name, _)| *name);
        name.is_some_and(|name| self.0.iter().any(|required| required == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for text in ["true", "false", "resolve,ignore", "snooze"] {
            assert_eq!(RequireReason::parse(text).unwrap().shown(), text);
        }
        assert!(RequireReason::parse("true").unwrap().is_required(FormKind::Acknowledge));
        assert!(!RequireReason::default().is_required(FormKind::Snooze));
        assert!(RequireReason::parse("resolve,delete").unwrap_err().contains("'delete' is no decision"));
    }
}
