//! `driftguard accounts`: who may come in, changed on the machine that has the accounts, by whoever can use its files.

pub(super) mod ask;
mod import;
mod show;

use anyhow::{Context, bail};
use jiff::{SignedDuration, Timestamp};

use super::{Session, complain};
use crate::accounts::{
    self, Access, Action, By, Endpoint, Grant, NewKey, OrganizationEdit, Pattern, Place, Registry, SettingsBody,
    UserEdit,
};
use crate::cli::{
    About, AccessArg, AccountsArgs, AccountsCommand, ActionArg, GrantArgs, KeyCommand, Of, OrgCommand, SessionCommand,
    SettingsArgs, UserCommand, WhoMay,
};
use crate::drift::Slug;
use crate::safety::sanitise;
use show::Show;

/// What every command works with.
struct Office {
    registry: Registry,
    by: By,
    show: Show,
}

pub(super) fn run(session: &Session, args: &AccountsArgs) -> anyhow::Result<u8> {
    let path = accounts::beside(&session.settings().store.value);
    let is_init = matches!(args.command, AccountsCommand::Init { .. } | AccountsCommand::Import { .. });
    let registry = Registry::new(accounts::open(&path, is_init)?);
    let by = By::operator(session.settings().actor.value.clone());
    let office = Office { registry, by, show: Show(args.format) };
    match &args.command {
        AccountsCommand::Init { org, name, admin, password } => {
            let password = ask::password(password)?;
            let name = name.as_deref().unwrap_or(org);
            let (organization, user) = office.registry.init(&office.by, org, name, admin, &password)?;
            complain(&format!("{} is admin of {}", user.username.line(), organization.slug));
            office.show.user(&user)
        }
        AccountsCommand::Import { file } => import::import(&office, file),
        AccountsCommand::Org(command) => office.org(command),
        AccountsCommand::User(command) => office.user(command),
        AccountsCommand::Key(command) => office.key(command),
        AccountsCommand::Session(command) => office.session(command),
        AccountsCommand::Audit { of, limit } => {
            let records = match &of.org {
                Some(_) => office.registry.audit(&office.by, &office.of(of)?, *limit)?,
                None => office.registry.whole_audit(&office.by, *limit)?,
            };
            office.show.records(&records)
        }
        AccountsCommand::Verify => {
            let report = office.registry.verify(&office.by)?;
            office.show.report(&report)?;
            Ok(u8::from(!report.faults.is_empty()))
        }
    }
}

impl Office {
    /// The named organisation, or the only one.
    fn of(&self, of: &Of) -> anyhow::Result<Slug> {
        if let Some(slug) = &of.org {
            return Slug::new(slug).with_context(|| format!("'{}' is no organisation", sanitise::line(slug)));
        }
        let all = self.registry.organizations(&self.by)?;
        match all.as_slice() {
            [] => bail!("there is no organisation: run `driftguard accounts init`"),
            [only] => Ok(only.slug.clone()),
            several => {
                let names: Vec<&str> = several.iter().map(|organization| organization.slug.as_str()).collect();
                bail!("say which organisation with --org: {}", names.join(", "))
            }
        }
    }

    fn org(&self, command: &OrgCommand) -> anyhow::Result<u8> {
        let Self { registry, by, show } = self;
        match command {
            OrgCommand::List => show.organizations(&registry.organizations(by)?),
            OrgCommand::Add { slug, name, about } => {
                let name = name.as_deref().unwrap_or(slug);
                show.organization(&registry.create_organization(by, slug, name, &edit(about))?)
            }
            OrgCommand::Edit { slug, name, about, active } => {
                let of = self.of(&Of { org: Some(slug.clone()) })?;
                let edit = OrganizationEdit { name: name.clone(), is_active: *active, ..edit(about) };
                show.organization(&registry.edit_organization(by, &of, &edit)?)
            }
            OrgCommand::Settings(args) => self.settings(args),
        }
    }

    fn settings(&self, args: &SettingsArgs) -> anyhow::Result<u8> {
        let of = self.of(&args.of)?;
        let known = self.registry.settings(&self.by, &of)?;
        if args.changes_nothing() {
            return self.show.settings(&known.unwrap_or_default());
        }
        let old = SettingsBody::of(known.as_ref());
        let slack_webhook_url = match &args.slack_webhook_file {
            Some(file) => Some(ask::first_line(file)?),
            None => old.slack_webhook_url,
        };
        let body = SettingsBody {
            drift_detection_enabled: args.drift_detection.unwrap_or(old.drift_detection_enabled),
            auto_analysis_enabled: args.auto_analysis.unwrap_or(old.auto_analysis_enabled),
            email_notifications: args.email_notifications.unwrap_or(old.email_notifications),
            slack_integration: args.slack.unwrap_or(old.slack_integration),
            slack_webhook_url,
            audit_logging: args.audit_logging.unwrap_or(old.audit_logging),
            notification_severity: args.notification_severity.unwrap_or(old.notification_severity),
            session_timeout: args.session_timeout.unwrap_or(old.session_timeout),
            // Another one who changed them since they were read is not overwritten.
            expected_version: Some(known.map_or(0, |settings| settings.version)),
        };
        self.show.settings(&self.registry.put_settings(&self.by, &of, &body)?)
    }

    fn user(&self, command: &UserCommand) -> anyhow::Result<u8> {
        let Self { registry, by, show } = self;
        match command {
            UserCommand::List { of } => show.users(&registry.users(by, &self.of(of)?)?),
            UserCommand::Add { username, of, role, display_name, service, password } => {
                let of = self.of(of)?;
                let password = if *service { None } else { Some(ask::password(password)?) };
                let (display_name, role) = (display_name.clone(), Some((*role).into()));
                let edit = UserEdit { display_name, role, ..UserEdit::default() };
                show.user(&registry.create_user(by, &of, username, &edit, password.as_deref())?)
            }
            UserCommand::Edit { username, of, role, display_name, active } => {
                let (display_name, role) = (display_name.clone(), role.map(Into::into));
                let edit = UserEdit { display_name, role, is_active: *active, ..UserEdit::default() };
                show.user(&registry.edit_user(by, &self.of(of)?, username, &edit)?)
            }
            UserCommand::Password { username, of, password } => {
                let of = self.of(of)?;
                registry.set_password(by, &of, username, &ask::password(password)?, None)?;
                complain("the password is set, and all sessions of the user have ended");
                Ok(0)
            }
            UserCommand::Grant(args) => self.grant(args),
            UserCommand::Who(args) => self.who(args),
        }
    }

    fn grant(&self, args: &GrantArgs) -> anyhow::Result<u8> {
        let of = self.of(&args.of)?;
        let mut grants = self.registry.user(&self.by, &of, &args.username)?.grants;
        match args.clear {
            true => grants.clear(),
            false => grants.push(Grant {
                environments: Pattern::new(&args.environments)?,
                resource_types: Pattern::new(&args.types)?,
                provider: args.provider,
                access: match args.access {
                    AccessArg::Read => Access::Read,
                    AccessArg::Act => Access::Act,
                },
                endpoints: args.endpoints.iter().map(|text| Endpoint::new(text)).collect::<Result<_, _>>()?,
            }),
        }
        let edit = UserEdit { grants: Some(grants), ..UserEdit::default() };
        self.show.user(&self.registry.edit_user(&self.by, &of, &args.username, &edit)?)
    }

    fn who(&self, args: &WhoMay) -> anyhow::Result<u8> {
        let environment = Slug::new(&args.environment)?;
        let place = Place { environment: &environment, provider: args.provider };
        let action = match args.action {
            ActionArg::Read => Action::Read,
            ActionArg::Act => Action::Act,
            ActionArg::Delete => Action::Delete,
        };
        let of = self.of(&args.of)?;
        self.show.users(&self.registry.who_may(
            &self.by,
            &of,
            action,
            place,
            args.resource_type.as_deref(),
            action.endpoint(),
        )?)
    }

    fn key(&self, command: &KeyCommand) -> anyhow::Result<u8> {
        let Self { registry, by, show } = self;
        match command {
            KeyCommand::List { of } => {
                let of = self.of(of)?;
                show.keys(&registry.api_keys(by, &of)?, &registry.users(by, &of)?)
            }
            KeyCommand::Add { username, of, label, role, endpoints, days } => {
                let endpoints = endpoints.iter().map(|text| Endpoint::new(text)).collect::<Result<_, _>>()?;
                let days = days.map(|days| SignedDuration::from_hours(i64::from(days) * 24));
                let expires_at = days.map(|days| Timestamp::now().checked_add(days)).transpose()?;
                let new = NewKey { label: label.clone(), role: (*role).into(), endpoints, expires_at };
                let (key, secret) = registry.create_key(by, &self.of(of)?, username, &new)?;
                complain(&format!("API key {}; it is not shown again", key.id));
                show.secret(&key, &secret)
            }
            KeyCommand::Revoke { id, of } => {
                let id = id.parse().with_context(|| format!("'{}' is no id of a key", sanitise::line(id)))?;
                let key = registry.revoke_key(by, &self.of(of)?, id, None)?;
                complain(&format!("{}… is revoked", key.prefix));
                Ok(0)
            }
        }
    }

    fn session(&self, command: &SessionCommand) -> anyhow::Result<u8> {
        let Self { registry, by, show } = self;
        match command {
            SessionCommand::List { of } => {
                let of = self.of(of)?;
                show.sessions(&registry.sessions(by, &of)?, &registry.users(by, &of)?)
            }
            SessionCommand::End { id, of } => {
                let parsed = id.parse().with_context(|| format!("'{}' is no id of a session", sanitise::line(id)))?;
                registry.end_session(by, &self.of(of)?, parsed)?;
                complain("the session has ended");
                Ok(0)
            }
        }
    }
}

fn edit(about: &About) -> OrganizationEdit {
    let About { description, contact_email, parent } = about;
    OrganizationEdit {
        description: description.clone(),
        contact_email: contact_email.clone(),
        parent: parent.clone(),
        ..OrganizationEdit::default()
    }
}
