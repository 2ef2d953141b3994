//! Accounts as tables for people and as JSON for programs.

use std::io::{self, Write};

use serde::Serialize;

use crate::accounts::{
    ApiKey, AuditReport, Grant, Organization, OrganizationSettings, Secret, SecurityRecord, Session, User, UserId,
    UserKind,
};
use crate::cli::RulesFormat;
use crate::safety::escape;

pub(super) struct Show(pub(super) RulesFormat);

impl Show {
    /// What programs get, or else a row a thing.
    fn all<T: Serialize>(&self, things: &[T], row: impl Fn(&T) -> Vec<String>) -> anyhow::Result<u8> {
        match self.0 {
            RulesFormat::Json => self.json(&things),
            RulesFormat::Text => {
                let rows: Vec<Vec<String>> = things.iter().map(row).collect();
                let mut out = io::BufWriter::new(io::stdout().lock());
                let columns = rows.first().map_or(0, Vec::len);
                let wide = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
                let widths: Vec<usize> = (0..columns).map(wide).collect();
                for row in &rows {
                    let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
                    writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
                }
                out.flush()?;
                Ok(0)
            }
        }
    }

    fn one<T: Serialize>(&self, thing: &T, row: impl Fn(&T) -> Vec<String>) -> anyhow::Result<u8> {
        match self.0 {
            RulesFormat::Json => self.json(thing),
            RulesFormat::Text => self.all(std::slice::from_ref(thing), row),
        }
    }

    fn json(&self, thing: &impl Serialize) -> anyhow::Result<u8> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        escape::to_json_writer(&mut out, thing, true)?;
        writeln!(out)?;
        out.flush()?;
        Ok(0)
    }

    pub(super) fn organizations(&self, all: &[Organization]) -> anyhow::Result<u8> {
        if self.0 == RulesFormat::Json {
            return self.json(&all);
        }
        let mut tree = vec![];
        let is_root = |one: &&Organization| one.parent.as_ref().is_none_or(|of| all.iter().all(|one| one.slug != *of));
        all.iter().filter(is_root).for_each(|root| below(all, root, 0, &mut tree));
        self.all(&tree, |(depth, one)| {
            let mut row = organization(one);
            row[0].insert_str(0, &"  ".repeat(*depth));
            row
        })
    }

    pub(super) fn organization(&self, one: &Organization) -> anyhow::Result<u8> {
        self.one(one, organization)
    }

    pub(super) fn settings(&self, settings: &OrganizationSettings) -> anyhow::Result<u8> {
        if self.0 == RulesFormat::Json {
            return self.json(settings);
        }
        let webhook = settings.slack_webhook_url.as_ref().map_or_else(|| "none".to_owned(), |url| url.shown());
        let rows = [
            ("drift_detection_enabled", settings.drift_detection_enabled.to_string()),
            ("auto_analysis_enabled", settings.auto_analysis_enabled.to_string()),
            ("email_notifications", settings.email_notifications.to_string()),
            ("slack_integration", settings.slack_integration.to_string()),
            ("slack_webhook_url", webhook),
            ("audit_logging", settings.audit_logging.to_string()),
            ("notification_severity", settings.notification_severity.as_str().to_owned()),
            ("session_timeout", format!("{} s", settings.session_timeout)),
        ];
        self.all(&rows, |(name, value)| vec![(*name).to_owned(), value.clone()])
    }

    pub(super) fn users(&self, all: &[User]) -> anyhow::Result<u8> {
        self.all(all, user)
    }

    pub(super) fn user(&self, one: &User) -> anyhow::Result<u8> {
        self.one(one, user)
    }

    pub(super) fn keys(&self, all: &[ApiKey], users: &[User]) -> anyhow::Result<u8> {
        let now = jiff::Timestamp::now();
        self.all(all, |key| {
            let state = match (key.revoked_at, key.is_valid(now)) {
                (Some(_), _) => "revoked",
                (None, true) => "valid",
                (None, false) => "expired",
            };
            let endpoints: Vec<String> = key.endpoints.iter().map(|endpoint| endpoint.clone().into()).collect();
            vec![
                key.id.to_string(),
                format!("{}…", key.prefix),
                named(users, key.owner),
                key.role.as_str().to_owned(),
                state.to_owned(),
                key.last_used.map_or_else(|| "never used".to_owned(), |at| format!("used {}", second(at))),
                key.label.line(),
                crate::safety::sanitise::line(&endpoints.join(", ")),
            ]
        })
    }

    /// Alone on standard output, so that it can be piped to where it belongs.
    pub(super) fn secret(&self, key: &ApiKey, secret: &Secret) -> anyhow::Result<u8> {
        #[derive(Serialize)]
        struct Made<'a> {
            key: &'a ApiKey,
            secret: &'a str,
        }
        if self.0 == RulesFormat::Json {
            return self.json(&Made { key, secret: secret.reveal() });
        }
        writeln!(io::stdout().lock(), "{}", secret.reveal())?;
        Ok(0)
    }

    pub(super) fn sessions(&self, all: &[Session], users: &[User]) -> anyhow::Result<u8> {
        self.all(all, |session| {
            let address = session.ip_address.map_or_else(|| "here".to_owned(), |address| address.to_string());
            let since = format!("since {}", second(session.created_at));
            let active = format!("active {}", second(session.last_activity));
            let agent = session.user_agent.cell(60);
            vec![session.id.to_string(), named(users, session.user_id), address, since, active, agent]
        })
    }

    pub(super) fn records(&self, all: &[SecurityRecord]) -> anyhow::Result<u8> {
        self.all(all, |record| {
            let entry = &record.entry;
            let address = entry.actor.address.map_or_else(String::new, |address| address.to_string());
            let name = if entry.actor.name.is_empty() { "somebody".to_owned() } else { entry.actor.name.name(60) };
            vec![
                record.seq.to_string(),
                second(entry.at),
                entry.organization.as_ref().map_or_else(String::new, ToString::to_string),
                name,
                entry.action.as_str().to_owned(),
                entry.subject.line(),
                address,
                entry.actor.kind.as_str().to_owned(),
                entry.actor.session_id.map_or_else(String::new, |id| id.to_string()),
                entry.actor.user_agent.as_ref().map_or_else(String::new, |agent| agent.cell(40)),
                entry.error_message.as_ref().map_or_else(String::new, |why| format!("refused: {}", why.line())),
            ]
        })
    }

    pub(super) fn report(&self, report: &AuditReport) -> anyhow::Result<u8> {
        if self.0 == RulesFormat::Json {
            return self.json(report);
        }
        let mut out = io::stdout().lock();
        let verdict = match report.faults.len() {
            0 => "nobody has tampered with them".to_owned(),
            n => format!("{n} fault(s)"),
        };
        writeln!(out, "{} records, head {}: {verdict}", report.records, report.head)?;
        report.faults.iter().try_for_each(|fault| writeln!(out, "{}", crate::safety::sanitise::line(fault)))?;
        Ok(0)
    }
}

/// An organisation and what is under it, with how far it stands in. No further than a chain can be long, should there be a circle.
fn below<'a>(all: &'a [Organization], one: &'a Organization, depth: usize, tree: &mut Vec<(usize, &'a Organization)>) {
    tree.push((depth, one));
    if depth < all.len() {
        let children = all.iter().filter(|child| child.parent.as_ref() == Some(&one.slug));
        children.for_each(|child| below(all, child, depth + 1, tree));
    }
}

fn organization(one: &Organization) -> Vec<String> {
    let parent = one.parent.as_ref().map_or_else(String::new, |parent| format!("below {parent}"));
    let state = if one.is_active { "active" } else { "inactive" };
    vec![one.slug.to_string(), one.name.name(255), state.to_owned(), parent, one.contact_email.line()]
}

fn user(one: &User) -> Vec<String> {
    let kind = match one.kind {
        UserKind::Person => "person",
        UserKind::Service => "service account",
    };
    let state = if one.is_active { "active" } else { "inactive" };
    let grants = one.grants.iter().map(grant).collect::<Vec<_>>().join("; ");
    [one.username.line(), one.role.as_str().into(), kind.into(), state.into(), one.display_name.name(255), grants]
        .into()
}

fn grant(grant: &Grant) -> String {
    let access = match grant.access {
        crate::accounts::Access::Read => "read",
        crate::accounts::Access::Act => "act on",
    };
    let provider = grant.provider.map_or_else(String::new, |provider| format!(" of {}", provider.as_str()));
    format!("{access} {} in {}{provider}", grant.resource_types, grant.environments)
}

fn named(users: &[User], id: UserId) -> String {
    users.iter().find(|user| user.id == id).map_or_else(|| id.to_string(), |user| user.username.line())
}

fn second(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
