//! `driftguard store`: checking, mending and moving what is kept.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand, Debug)]
pub enum StoreCommand {
    /// Check every record, index and the journal's chain; changes nothing
    ///
    /// Of a database without --organization: what every organisation has in it.
    Verify {
        #[command(flatten)]
        of: WhosePart,
    },
    /// Mend what can be mended, and check what came of it
    ///
    /// An unfinished write at the journal's end is cut off, what the journal has and the trees lack is done again, and trees
    /// that will not open are set aside and built anew from the journal. No decision is lost. A database is not mended by driftguard:
    /// there it only checks.
    Repair {
        #[command(flatten)]
        of: WhosePart,
    },
    /// Write the store anew, so that it takes no more room than it needs
    Compact,
    /// Throw away drifts that ended, and values observed, longer ago than `retention`; decisions stay
    ///
    /// What is thrown away is written to the archive first (`archive`, a file a month); when that cannot be written, it stays.
    Prune {
        #[command(flatten)]
        of: WhosePart,
    },
    /// List what was thrown away, from the archive
    Archived {
        /// An archive elsewhere; else the store's own
        directory: Option<PathBuf>,
        /// Only what has this text in its environment, type or address
        #[arg(long, value_name = "TEXT")]
        find: Option<String>,
        /// Whole records, one a line
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        of: WhosePart,
    },
    /// Copy everything into another store, which must be empty, and compare what arrived
    ///
    /// A store is a directory, or a PostgreSQL database: postgres://user@host/database. Passwords are read from PGPASSWORD or
    /// ~/.pgpass, so that they stand in no list of processes.
    Copy {
        /// Directory or address of the store to copy
        from: String,
        /// Directory or address to copy to
        to: String,
        /// Whose part of a database it is
        #[arg(long, default_value = "default")]
        organization: String,
    },
    /// Bring the schema up to date, which opening the store does too, and say what that means; it can be run beside servers
    Migrate {
        /// Say what is to be done, and do nothing; exit code 2 when there is something
        #[arg(long)]
        check: bool,
    },
    /// Throw away everything about an environment but the audit trail
    Forget {
        /// The environment's slug
        environment: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        of: WhosePart,
    },
}

/// Of a database that several organisations share.
#[derive(Args, Debug, Default)]
pub struct WhosePart {
    /// Whose part of a database it is about; else $DRIFTGUARD_ORGANIZATION
    #[arg(long, visible_alias = "org", value_name = "SLUG")]
    pub organization: Option<String>,
}

impl StoreCommand {
    /// Whom the command names.
    pub fn organization(&self) -> Option<&String> {
        match self {
            Self::Verify { of }
            | Self::Repair { of }
            | Self::Prune { of }
            | Self::Archived { of, .. }
            | Self::Forget { of, .. } => of.organization.as_ref(),
            Self::Compact | Self::Migrate { .. } | Self::Copy { .. } => None,
        }
    }
}
