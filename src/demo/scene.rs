//! The script: what the world looks like after each step.

/// After this many steps the script begins again.
pub const STEPS: usize = 16;

/// What differs from the code.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Scene {
    pub host: Host,
    pub aws: Aws,
    pub kubernetes: Kubernetes,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Host {
    /// Root may log in with a password.
    pub root_login: bool,
    pub motd_edited: bool,
    pub debug_logging: bool,
    pub cron_missing: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Aws {
    /// SSH to the web servers from everywhere.
    pub ssh_open: bool,
    /// PostgreSQL from everywhere.
    pub database_open: bool,
    /// A bucket that no code knows.
    pub stray_bucket: bool,
    pub versioning_off: bool,
    /// Both web servers have a tag that somebody put on by hand.
    pub tagged: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Kubernetes {
    pub replicas: u32,
    /// The worker runs an image somebody patched in.
    pub hot_fix: bool,
}

type Line = (&'static str, fn(&mut Scene));

/// What happens at each step, and how it is told. Step 0 is the world as it is made.
const SCRIPT: [Line; STEPS] = [
    ("the world begins", |_| {}),
    ("somebody edits the message of the day", |s| s.host.motd_edited = true),
    ("somebody scales the shop to five", |s| s.kubernetes.replicas = 5),
    ("somebody puts a name on both web servers", |s| s.aws.tagged = true),
    ("somebody opens the database to the world", |s| s.aws.database_open = true),
    ("somebody makes a bucket by hand", |s| s.aws.stray_bucket = true),
    ("the message of the day is put right", |s| s.host.motd_edited = false),
    ("somebody turns on debug logging", |s| s.host.debug_logging = true),
    ("the database is closed again", |s| s.aws.database_open = false),
    ("SSH is closed again", |s| s.aws.ssh_open = false),
    ("somebody suspends versioning of the log bucket", |s| s.aws.versioning_off = true),
    ("the shop is scaled back and the worker repaired", |s| {
        s.kubernetes = Kubernetes { replicas: 3, hot_fix: false };
        s.aws.stray_bucket = false;
    }),
    ("the web servers lose that name again", |s| s.aws.tagged = false),
    ("a cron job disappears", |s| {
        s.host.cron_missing = true;
        s.host.debug_logging = false;
    }),
    ("the cron job is back, and so is versioning", |s| {
        s.host.cron_missing = false;
        s.aws.versioning_off = false;
    }),
    ("somebody patches the worker again", |s| s.kubernetes.hot_fix = true),
];

/// The world after `step`, and what happened in it.
pub(super) fn scene(step: usize) -> (Scene, &'static str) {
    let mut scene = Scene {
        host: Host { root_login: true, motd_edited: false, debug_logging: false, cron_missing: false },
        aws: Aws { ssh_open: true, database_open: false, stray_bucket: false, versioning_off: false, tagged: false },
        kubernetes: Kubernetes { replicas: 3, hot_fix: true },
    };
    let step = step % STEPS;
    SCRIPT[1..=step].iter().for_each(|(_, act)| act(&mut scene));
    (scene, if step == 0 { "somebody opens SSH to the world again" } else { SCRIPT[step].0 })
}
