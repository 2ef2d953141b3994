//! What a name inside of a block is: a block of its own, or an attribute whose value is an object or a list of such. A state writes both
//! alike. Other code of the same type tells, then the provider itself, then what is known of well known types.

mod listed;
mod schema;
mod siblings;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::declared::blocks::Looked;

/// What one source knows of a resource type. Names are paths below the resource: `lifecycle_rule.expiration`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Known {
    blocks: BTreeSet<String>,
    attributes: BTreeSet<String>,
    /// All that somebody's code says.
    said: BTreeSet<String>,
    /// What a block, or an attribute's value, cannot go without.
    required: BTreeSet<String>,
    /// The provider alone gives it out.
    computed: BTreeSet<String>,
    deprecated: BTreeSet<String>,
}

/// How something is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Block,
    Attribute,
}

/// Where it is looked up: each type once for a configuration, for one pass over many resources.
#[derive(Default, Debug)]
pub struct Kinds {
    /// Providers may be asked, which starts programs and takes seconds.
    asks: bool,
    siblings: Found<Arc<Known>>,
    schemas: Found<Result<Arc<Known>, String>>,
    code: Mutex<HashMap<PathBuf, Code>>,
    /// The code's blocks, which modules are followed by.
    pub(super) looked: Looked,
}

/// Files with their text.
type Code = Arc<Vec<(PathBuf, String)>>;

/// By directory of the configuration, and type.
type Found<T> = Mutex<HashMap<(PathBuf, String), T>>;

impl Kinds {
    /// Also by the schemas of the providers, where a directory is initialised.
    pub fn asking() -> Self {
        Self { asks: true, ..Self::default() }
    }

    /// A resource's, whose configuration is in `root`.
    pub(super) fn of<'a>(&'a self, root: &'a Path, resource_type: &'a str) -> Inside<'a> {
        Inside { kinds: self, root, resource_type, path: String::new() }
    }

    /// The code of a directory.
    pub(super) fn code_of(&self, directory: &Path) -> Code {
        let mut known = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || Arc::new(super::uses::code_of(directory));
        Arc::clone(known.entry(directory.to_owned()).or_insert_with(read))
    }

    fn in_code(&self, key: &(PathBuf, String)) -> Arc<Known> {
        let known = || Arc::new(siblings::known(&key.0, &key.1));
        Arc::clone(lock(&self.siblings).entry(key.clone()).or_insert_with(known))
    }

    fn by_provider(&self, key: &(PathBuf, String)) -> Result<Arc<Known>, String> {
        if !self.asks {
            return Err("`driftguard codify` asks the provider, once `terraform init` was run".into());
        }
        let asked = || schema::known(&key.0, &key.1).map(Arc::new);
        lock(&self.schemas).entry(key.clone()).or_insert_with(asked).clone()
    }
}

fn lock<T>(found: &Found<T>) -> MutexGuard<'_, HashMap<(PathBuf, String), T>> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The inside of a resource's block, or of one below it.
#[derive(Clone)]
pub(super) struct Inside<'a> {
    kinds: &'a Kinds,
    root: &'a Path,
    resource_type: &'a str,
    path: String,
}

impl Inside<'_> {
    /// Of a block in it.
    pub fn below(&self, name: &str) -> Self {
        Self { path: self.place(name), ..self.clone() }
    }

    fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn key(&self) -> (PathBuf, String) {
        (self.root.to_owned(), self.resource_type.to_owned())
    }

    /// How a value of objects is written.
    ///
    /// # Errors
    /// A sentence: it is not known, and what would tell.
    pub fn form(&self, name: &str) -> Result<Form, String> {
        let place = self.place(name);
        let code = self.kinds.in_code(&self.key());
        if code.blocks.contains(&place) {
            return Ok(Form::Block);
        }
        if code.attributes.contains(&place) {
            return Ok(Form::Attribute);
        }
        let unknown = match self.kinds.by_provider(&self.key()) {
            Ok(schema) if schema.blocks.contains(&place) => return Ok(Form::Block),
            Ok(schema) if schema.attributes.contains(&place) => return Ok(Form::Attribute),
            Ok(_) => return Err(format!("the provider's schema has no `{place}` that could be written")),
            Err(why) => why,
        };
        match listed::known(self.resource_type) {
            Some(list) if list.blocks.contains(&place) => Ok(Form::Block),
            // The list has blocks alone: a name of the resource itself may be newer than it.
            Some(list) if list.blocks.contains(&self.path) => Ok(Form::Attribute),
            _ => Err(format!("whether `{place}` of {} is a block is not known: {unknown}", self.resource_type)),
        }
    }

    /// Whether code may say something that it does not say yet. The provider tells, other code of the type, what is known of well known
    /// types; and a few names may be said of whatever has them.
    ///
    /// # Errors
    /// A sentence: it may not, or nobody knows.
    pub fn may_be_said(&self, name: &str) -> Result<(), String> {
        let place = self.place(name);
        let computed = || Err("the provider computes it: no code can say it".to_owned());
        let unknown = match self.kinds.by_provider(&self.key()) {
            Ok(schema) if schema.computed.contains(&place) => return computed(),
            Ok(schema) if schema.attributes.contains(&place) || schema.blocks.contains(&place) => return Ok(()),
            Ok(_) => "the provider's schema does not have it".to_owned(),
            Err(why) => why,
        };
        if self.kinds.in_code(&self.key()).said.contains(&place) || super::pack::is_settable(name) {
            return Ok(());
        }
        match listed::known(self.resource_type).filter(|list| self.path.is_empty() || list.blocks.contains(&self.path))
        {
            Some(list) if list.computed.contains(&place) => computed(),
            Some(_) => Ok(()),
            None => Err(format!("whether code can say `{place}` of {} is not known: {unknown}", self.resource_type)),
        }
    }

    /// As [`Self::form`], of one object: blocks come as lists, but for a few, so where nobody can tell it is a map.
    ///
    /// # Errors
    /// A sentence: the provider knows no such name.
    pub fn form_of_one(&self, name: &str) -> Result<Form, String> {
        match self.form(name) {
            Err(_) if self.kinds.by_provider(&self.key()).is_err() => Ok(Form::Attribute),
            told => told,
        }
    }

    /// As [`Self::told`], without asking anybody.
    fn told_so_far(&self) -> Option<Arc<Known>> {
        let asked = lock(&self.kinds.schemas).get(&self.key()).cloned();
        asked.and_then(Result::ok).or_else(|| listed::known(self.resource_type))
    }

    /// By the provider, or by what is known of well known types; `None`: neither knows the type.
    fn told(&self) -> Option<Arc<Known>> {
        self.kinds.by_provider(&self.key()).ok().or_else(|| listed::known(self.resource_type))
    }

    /// Whether it is known what can be written here.
    pub fn is_known(&self) -> bool {
        self.told().is_some_and(|known| self.path.is_empty() || known.blocks.contains(&self.path))
    }

    /// Whether the provider alone gives it out, as far as was asked. What every resource gives out may be anybody's to say in a block.
    pub fn is_computed(&self, name: &str) -> bool {
        let knows = |known: Arc<Known>| !self.path.is_empty() && known.blocks.contains(&self.path);
        let is_told = self.told_so_far().is_some_and(knows);
        self.is_told_computed(name) || (!is_told && super::pack::is_given(name))
    }

    /// As [`Self::is_computed`], for names that may be anybody's own.
    pub fn is_told_computed(&self, name: &str) -> bool {
        self.told_so_far().is_some_and(|known| known.computed.contains(&self.place(name)))
    }

    /// What must be said here. Where nobody tells: what all the code of the type says here.
    pub fn required(&self) -> Vec<String> {
        let known = if self.is_known() { self.told() } else { Some(self.kinds.in_code(&self.key())) };
        let start = self.place("");
        let names = known.iter().flat_map(|known| &known.required).filter_map(|place| place.strip_prefix(&start));
        names.filter(|name| !name.contains('.')).map(str::to_owned).collect()
    }

    /// Whether the provider calls it deprecated, as far as it was asked.
    pub fn is_deprecated(&self, name: &str) -> bool {
        self.told_so_far().is_some_and(|known| known.deprecated.contains(&self.place(name)))
    }
}
