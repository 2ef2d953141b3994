//! `driftguard worker`: scans for the servers on the same database, and serves nobody.

use std::io::{self, Write};

use anyhow::{Context, bail};

use super::Session;
use super::keeper::Keeper;
use super::serve::{levels, terminated};
use crate::accounts;
use crate::server::Houses;
use crate::store;

pub(super) fn run(session: &Session) -> anyhow::Result<u8> {
    session.refuse_problems()?;
    let _log = session.log()?;
    let place = &session.settings().store.value;
    if store::url_of(place).is_none() {
        bail!(
            "the store {} is one process's own, which scans by itself: for workers, name a database with \
             store = \"postgres://…\" (or DRIFTGUARD_STORE)",
            place.display()
        );
    }
    let accounts = accounts::open(place, false)?;
    let runtime = tokio::runtime::Runtime::new().context("no threads for the background work")?;
    let done = runtime.block_on(async {
        let ended = terminated()?;
        let mut keeper = Keeper::new(session, accounts, Houses::default(), true);
        keeper.begin().await?;
        let names: Vec<&str> = keeper.organizations().map(|slug| slug.as_str()).collect();
        writeln!(io::stdout(), "driftguard works for {}", names.join(", "))?;
        tokio::select! {
            () = keeper.follow() => {}
            () = ended => {}
            () = levels(session) => {}
        }
        // A scan under way is cancelled and given back.
        keeper.close().await;
        anyhow::Ok(())
    });
    runtime.shutdown_background();
    done.map(|()| 0)
}
