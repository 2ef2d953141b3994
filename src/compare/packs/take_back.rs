//! What a pack takes back, or refers to, must have been said: otherwise a misspelt path would do nothing and say so nowhere.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::facts::{Aspect, Cursor, Facts, Node};
use super::{Pack, PackError};

/// Where in a pack file something stands.
#[derive(Clone, PartialEq)]
pub(super) enum Section {
    Any,
    Top,
    Family(Box<str>),
    Type(Box<str>),
    Shape,
}

/// Something that must hold of what the packs before this one, or this one, say.
pub(super) struct Claim {
    pub section: Section,
    /// A path, a type or a tag.
    pub about: Box<str>,
    pub what: What,
    pub span: Range<usize>,
}

pub(super) enum What {
    /// Earlier packs say this of the path, in the words of a pack.
    Says(Aspect, Box<str>),
    /// Some pack knows the type.
    IsType,
    /// The section's type is the same as this one.
    IsTwin,
    IsCloudTag,
}

/// At most so many of what there is are named in a message.
const SUGGESTED: usize = 5;

/// Holds every claim of one file against what each of its dialects knew before and what the file itself says; one dialect
/// of which it is true is enough.
pub(super) fn check<'p>(
    claims: &[Claim],
    dialects: impl Iterator<Item = (&'p Pack, &'p Pack)>,
    file: (&str, &str),
) -> Result<(), PackError> {
    let packs: Vec<_> = dialects.collect();
    let wrong = claims.iter().find(|claim| !packs.iter().any(|(known, read)| claim.holds(known, read)));
    wrong.map_or(Ok(()), |claim| Err(PackError::at((claim.span.clone(), claim.complaint(&packs)), file)))
}

impl Claim {
    fn holds(&self, known: &Pack, read: &Pack) -> bool {
        match (&self.what, &self.section) {
            (What::Says(aspect, _), Section::Any) => known.any.get(&self.about).is_some_and(|f| f.says(*aspect)),
            (What::Says(aspect, _), section) => {
                let says = |pack, own| section.cursor(pack, own).down(&self.about).says(*aspect);
                // Of its own file, what a more general section says.
                says(known, true) || says(read, false)
            }
            (What::IsType, section) => {
                let itself = matches!(section, Section::Type(name) if known.original(&self.about) == &**name);
                !itself && (known.knows(&self.about) || read.knows(&self.about))
            }
            (What::IsTwin, section) => {
                matches!(section, Section::Type(name) if known.same_as.get(name).is_some_and(|twin| *twin == self.about))
            }
            (What::IsCloudTag, section) => {
                let types = section.name();
                let related = |other: &str| other.starts_with(types) || types.starts_with(other);
                known.cloud_tags.iter().any(|tags| related(&tags.types) && tags.says(&self.about) == Some(true))
            }
        }
    }

    fn complaint(&self, packs: &[(&Pack, &Pack)]) -> String {
        let about = &self.about;
        match &self.what {
            What::Says(aspect, word) => {
                let said = packs.iter().flat_map(|(known, _)| self.section.said(known, *aspect));
                let elsewhere: Vec<_> =
                    packs.iter().flat_map(|(known, _)| known.types_that_say(about, *aspect)).collect();
                let there = if elsewhere.is_empty() {
                    format!("here it is said of: {}", few(said, about))
                } else {
                    let sections = elsewhere.into_iter().map(|name| format!("[type.{name}]"));
                    format!("it is said under {}", few(sections, self.section.name()))
                };
                format!("nothing to take back: no pack says `{word}` of `{about}`; {there}")
            }
            What::IsType => {
                let types = packs.iter().flat_map(|(known, read)| known.types.keys().chain(read.types.keys()));
                format!("no pack knows another type `{about}`; alike are: {}", few(types.map(|t| t.to_string()), about))
            }
            What::IsTwin => {
                let twins = packs.iter().flat_map(|(known, _)| &known.same_as);
                let twins = twins.filter(|(name, _)| matches!(&self.section, Section::Type(own) if own == *name));
                match twins.map(|(_, twin)| twin).next() {
                    Some(twin) => format!("nothing to take back: it is the same as `{twin}`, not `{about}`"),
                    None => "nothing to take back: no pack says that it is the same as another type".to_owned(),
                }
            }
            What::IsCloudTag => {
                let names = packs.iter().flat_map(|(known, _)| known.cloud_tags.iter().flat_map(|tags| &tags.names));
                format!(
                    "nothing to take back: no pack says that a cloud sets `{about}`; said of: {}",
                    few(names.cloned(), about)
                )
            }
        }
    }
}

impl Section {
    fn name(&self) -> &str {
        match self {
            Self::Type(name) | Self::Family(name) => name,
            Self::Any | Self::Top | Self::Shape => "",
        }
    }

    /// The trees that speak here: the section's own among them, or only the more general ones.
    fn trees<'p>(&self, pack: &'p Pack, own: bool) -> [Option<&'p Node>; 3] {
        match self {
            Self::Type(name) => {
                let [of_type, of_family, of_all] = pack.nodes(name);
                [of_type.filter(|_| own), of_family, of_all]
            }
            Self::Family(prefix) => [None, pack.families.get(prefix).filter(|_| own), Some(&pack.top)],
            Self::Top => [None, None, Some(&pack.top).filter(|_| own)],
            Self::Any | Self::Shape => [None; 3],
        }
    }

    fn cursor<'p>(&self, pack: &'p Pack, own: bool) -> Cursor<'p> {
        let [of_type, of_family, of_all] = self.trees(pack, own);
        Cursor::root([None, of_type, of_family, of_all], &pack.any)
    }

    /// The paths of which something is said that holds in this section.
    fn said(&self, known: &Pack, aspect: Aspect) -> Vec<String> {
        let says = |facts: &Facts| facts.says(aspect);
        let mut paths: Vec<_> = known.any.iter().filter(|(_, f)| says(f)).map(|(name, _)| name.to_string()).collect();
        let patterns = self.trees(known, true).into_iter().flatten().flat_map(Node::patterns);
        paths.extend(patterns.filter(|(_, facts)| says(facts)).map(|(path, _)| path));
        paths
    }
}

impl Pack {
    fn knows(&self, name: &str) -> bool {
        self.types.contains_key(name) || self.same_as.contains_key(name)
    }

    fn types_that_say<'p>(&'p self, path: &'p str, aspect: Aspect) -> impl Iterator<Item = &'p str> {
        let says = move |name: &str| Section::Type(name.into()).cursor(self, true).down(path).says(aspect);
        self.types.keys().map(|name| &**name).filter(move |name| says(name))
    }
}

/// The few that are most like what was written.
fn few(all: impl IntoIterator<Item = String>, like: &str) -> String {
    let all: BTreeSet<String> = all.into_iter().collect();
    let mut all: Vec<_> = all.into_iter().map(|one| (strsim::damerau_levenshtein(&one, like), one)).collect();
    if all.is_empty() {
        return "nothing".to_owned();
    }
    all.sort();
    all.into_iter().take(SUGGESTED).map(|(_, one)| one).collect::<Vec<_>>().join(", ")
}
