//! `driftguard accounts import`: organisations with their settings and users from a file, as they are there.

use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;
use ulid::Ulid;

use super::super::complain;
use super::Office;
use crate::accounts::{AccountsError, OrganizationEdit, SettingsBody, UserEdit};
use crate::drift::Slug;

/// The file: `{"organizations": [{"slug", "name", "about"?, "settings"?, "users": [{"username", "service"?, "about"?}]}]}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    organizations: Vec<One>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    slug: String,
    name: String,
    #[serde(default)]
    about: OrganizationEdit,
    #[serde(default)]
    settings: Option<SettingsBody>,
    #[serde(default)]
    users: Vec<Member>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    username: String,
    #[serde(default)]
    service: bool,
    #[serde(default)]
    about: UserEdit,
}

/// Organisations and users that were made; what is there stays as it is.
#[derive(Default)]
struct Made {
    organizations: usize,
    users: usize,
    there: usize,
}

pub(super) fn import(office: &Office, file: &Path) -> anyhow::Result<u8> {
    let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let read = serde_json::from_slice::<File>(&text);
    let File { organizations } = read.with_context(|| format!("{} does not read", file.display()))?;
    let mut made = Made::default();
    for one in &organizations {
        one.make(office, &mut made).with_context(|| format!("{}, organisation {:?}", file.display(), one.slug))?;
    }
    let Made { organizations, users, there } = made;
    complain(&format!("{organizations} organisation(s) and {users} user(s) made, {there} were there already"));
    if users > 0 {
        complain("passwords are in no file: `driftguard accounts user password NAME` sets one");
    }
    Ok(0)
}

impl One {
    fn make(&self, office: &Office, made: &mut Made) -> anyhow::Result<()> {
        let Office { registry, by, .. } = office;
        let Ok(slug) = Slug::new(&self.slug) else { bail!("a slug holds only lower-case letters, digits and -") };
        match registry.create_organization(by, &self.slug, &self.name, &self.about) {
            Ok(_) => {
                made.organizations += 1;
                self.settings.iter().try_for_each(|body| registry.put_settings(by, &slug, body).map(drop))?;
            }
            Err(AccountsError::Taken { .. }) => made.there += 1,
            Err(error) => return Err(error.into()),
        }
        for Member { username, service, about } in &self.users {
            // Nobody knows it, and nobody needs to: it is replaced by one that the user is told.
            let password = (!service).then(|| format!("{}{}", Ulid::generate(), Ulid::generate()));
            match registry.create_user(by, &slug, username, about, password.as_deref()) {
                Ok(_) => made.users += 1,
                Err(AccountsError::Taken { .. }) => made.there += 1,
                Err(error) => return Err(error).with_context(|| format!("user {username:?}")),
            }
        }
        Ok(())
    }
}
