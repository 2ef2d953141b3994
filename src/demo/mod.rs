//! A small world to try driftguard on: three environments in one directory, and an actor that really changes their files.
//!
//! Everything is made up; the account is 123456789012. Nothing outside of the directory is touched, and the directory goes
//! when the world is dropped.

mod aws;
pub mod history;
mod host;
mod kubernetes;
mod scene;
mod stale;

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::drift::{CloudProvider, Environment, Slug};
use crate::scan::EnvironmentSpec;
use scene::{Scene, scene};

pub use scene::STEPS;

/// The demo's directory and what the actor did last.
pub struct World {
    directory: PathBuf,
    scene: Mutex<Scene>,
}

/// Makes the world in `dir`, which must not exist yet or be empty.
pub fn create(dir: &Path) -> io::Result<World> {
    if dir.exists() && dir.read_dir()?.next().is_some() {
        let text = format!("{} is not empty; the demo makes a directory of its own", dir.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let world = World { directory: dir.canonicalize()?, scene: Mutex::new(scene(0).0) };
    for name in ["host/files", "aws", "k8s"] {
        DirBuilder::new().recursive(true).mode(0o700).create(world.path(name))?;
    }
    let first = scene(0).0;
    host::create(&world)?;
    aws::create(&world)?;
    kubernetes::create(&world)?;
    host::show(&world, None, &first)?;
    aws::show(&world, &first)?;
    kubernetes::show(&world, &first)?;
    Ok(world)
}

impl World {
    /// A world of this process below the system's temporary directory. Worlds that processes of this user left behind when
    /// they were killed are removed.
    pub fn temporary() -> io::Result<Self> {
        let temp = std::env::temp_dir();
        stale::sweep(&temp);
        let directory = temp.join(stale::name_of(std::process::id()));
        // Made here and now: whatever somebody else put under this name, a link for one, is refused.
        DirBuilder::new().mode(0o700).create(&directory)?;
        create(&directory)
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Does what the script says at `step`, and says it. The script begins again after [`STEPS`] steps. Only what the script
    /// changes is written, so that what somebody put right by hand stays right.
    pub fn act(&self, step: usize) -> io::Result<&'static str> {
        let (next, text) = scene(step);
        let mut current = self.scene.lock().unwrap_or_else(PoisonError::into_inner);
        host::show(self, Some(&current), &next)?;
        if current.aws != next.aws {
            aws::show(self, &next)?;
        }
        if current.kubernetes != next.kubernetes {
            kubernetes::show(self, &next)?;
        }
        *current = next;
        Ok(text)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Replaces a file in one step, as `terraform` and recorders do: nobody ever reads half of it.
    fn put(&self, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
        let path = self.path(name);
        let beside = path.with_extension("new");
        let mut file = fs::File::create(&beside)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(content)?;
        fs::rename(beside, path)
    }

    fn put_json(&self, name: &str, value: &serde_json::Value) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(value)?;
        text.push(b'\n');
        self.put(name, &text, 0o600)
    }
}

impl World {
    /// Removes its directory, whoever still holds it: a task in the background may do so until the process ends.
    pub fn remove(&self) {
        // Nobody is left to tell; the next start tries again.
        // The store's own threads may still write a moment longer; what is made while all is removed is removed next.
        for _ in 0..50 {
            if fs::remove_dir_all(&self.directory).is_ok() || !self.directory.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The three environments of the world.
pub fn specs(world: &World) -> Vec<EnvironmentSpec> {
    let path = |name: &str| world.path(name).display().to_string();
    vec![
        spec("host", "This machine", CloudProvider::Host, vec![path("host/terraform.tfstate")], vec![]),
        spec(
            "aws-prod",
            "AWS production",
            CloudProvider::Aws,
            vec![path("aws/terraform.tfstate")],
            vec![path("aws/config-snapshot.json")],
        ),
        spec(
            "k8s-shop",
            "Shop cluster",
            CloudProvider::Kubernetes,
            vec![path("k8s/shop.yaml")],
            vec![path("k8s/live.json")],
        ),
    ]
}

fn spec(
    slug: &str,
    name: &str,
    cloud_provider: CloudProvider,
    state: Vec<String>,
    live: Vec<String>,
) -> EnvironmentSpec {
    let now = jiff::Timestamp::now();
    let (region, account_id) = match cloud_provider {
        CloudProvider::Aws => (aws::REGION.into(), aws::ACCOUNT.into()),
        _ => Default::default(),
    };
    EnvironmentSpec {
        environment: Environment {
            organization: Slug::from_text("local"),
            slug: Slug::from_text(slug),
            name: name.into(),
            cloud_provider,
            region,
            account_id,
            tags: BTreeMap::from([("demo".to_owned(), "true".into())]),
            is_active: true,
            created_at: now,
            updated_at: now,
        },
        unmanaged: cloud_provider == CloudProvider::Aws,
        knowledge: Default::default(),
        ignore: Default::default(),
        maintenance: Default::default(),
        policies: Default::default(),
        on_call: Default::default(),
        state,
        live,
        aws: None,
        interval: None,
        schedule: None,
        watch: true,
        protect: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![dir.to_owned()];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() { open.push(path) } else { drop(found.insert(path.clone(), fs::read(path).unwrap())) }
            }
        }
        found
    }

    #[test]
    fn the_script_comes_back_to_where_it_began() {
        let temp = tempfile::tempdir().unwrap();
        let world = create(&temp.path().join("world")).unwrap();
        let first = files(world.directory());
        for step in 1..STEPS {
            let before = files(world.directory());
            let text = world.act(step).unwrap();
            assert!(!text.is_empty());
            assert_ne!(files(world.directory()), before, "step {step} changes something");
        }
        world.act(STEPS).unwrap();
        assert_eq!(files(world.directory()), first);
    }

    #[test]
    fn the_world_goes_with_its_owner() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("world");
        let world = create(&dir).unwrap();
        assert!(dir.exists());
        drop(world);
        assert!(!dir.exists());
    }

    #[test]
    fn a_directory_with_something_in_it_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("thesis.txt"), "years of work").unwrap();
        assert!(create(temp.path()).is_err());
        assert!(temp.path().join("thesis.txt").exists());
    }

    #[test]
    fn what_somebody_put_right_stays_right_until_the_script_comes_to_it() {
        let temp = tempfile::tempdir().unwrap();
        let world = create(&temp.path().join("world")).unwrap();
        world.act(1).unwrap();
        fs::write(world.path("host/files/motd"), host::MOTD).unwrap();
        world.act(2).unwrap();
        assert_eq!(fs::read_to_string(world.path("host/files/motd")).unwrap(), host::MOTD);
    }
}
