//! Sessions, from outside.

use super::{By, Registry};
use crate::accounts::{AccountsError, Change, Result, SecurityAction, Session, SessionId};
use crate::api::Role;
use crate::drift::Slug;

impl Registry {
    /// Those that are alive: admins see all of the organisation, others their own. Oldest first.
    pub fn sessions(&self, by: &By, organization: &Slug) -> Result<Vec<Session>> {
        self.reach(by, organization)?;
        let idle = self.accounts.settings(organization)?.unwrap_or_default().session_timeout;
        let now = self.now();
        let mut sessions = self.accounts.sessions(organization)?;
        sessions.retain(|session| session.is_alive(now, idle));
        if let Some(member) = by.member.as_ref().filter(|member| member.role < Role::Admin) {
            sessions.retain(|session| member.user == Some(session.user_id));
        }
        Ok(sessions)
    }

    /// Counts from the next request on.
    pub fn end_session(&self, by: &By, organization: &Slug, id: SessionId) -> Result<()> {
        let missing = || AccountsError::NotFound(format!("no session {id} in {organization}"));
        let session = self.sessions(by, organization)?.into_iter().find(|s| s.id == id).ok_or_else(missing)?;
        let user = self.accounts.user(session.user_id)?;
        let subject = user.map(|user| user.username).unwrap_or_default();
        let mut entry = self.entry(by, Some(organization), SecurityAction::SessionEnded, subject);
        entry.old = self.masked(&session);
        self.commit(by, Change::EndSessions(vec![id]), &entry)
    }

    /// Deletes what has ended; gives how many. For a server, now and then.
    pub fn reap_sessions(&self) -> Result<u64> {
        self.accounts.reap(self.now())
    }
}
