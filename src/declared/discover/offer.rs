//! An environment as it may be pasted into the configuration.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use super::{Block, Root, address};
use crate::drift::{CloudProvider, Slug};
use crate::safety::sanitise;

/// One state that the code keeps somewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    pub slug: String,
    pub cloud_provider: CloudProvider,
    /// The backend and where it was found: `s3, main.tf:3`.
    pub found: String,
    /// The address, or why there is none.
    pub state: Result<String, String>,
    /// For people: what could not be known, what has to be set.
    pub remarks: Vec<String>,
}

/// What a directory offers: its block with each `*.tfbackend`, and what `terraform init` wrote down.
pub(super) fn of(root: &Root) -> Vec<Offer> {
    let name = slug_of(&root.directory);
    let mut blocks: Vec<(String, Block)> = vec![];
    if let Some(block) = &root.block {
        for (path, settings) in &root.partial {
            let mut merged = block.clone();
            merged.settings.extend(settings.clone());
            let short = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
            merged.place = format!("{} with {short}", block.place);
            let part = short.split('.').next().unwrap_or_default().to_owned();
            blocks
                .push((if part.is_empty() || part == name { name.clone() } else { format!("{name}-{part}") }, merged));
        }
    }
    // As initialised it is complete; the block alone counts where neither says more.
    match (&root.recorded, &root.block) {
        (Some(recorded), _) => blocks.push((name.clone(), recorded.clone())),
        (None, Some(block)) if blocks.is_empty() => blocks.push((name.clone(), block.clone())),
        _ => {}
    }
    blocks.into_iter().map(|(slug, block)| offer(root, &slug, &block)).collect()
}

fn offer(root: &Root, slug: &str, block: &Block) -> Offer {
    let is_recorded = root.recorded.as_ref().is_some_and(|recorded| recorded.place == block.place);
    let workspace = root.workspace.as_deref().filter(|_| is_recorded);
    let slug = workspace.map_or(slug.to_owned(), |name| format!("{slug}-{name}"));
    let located = address::of(&root.directory, block, workspace);
    let (state, mut remarks) = match located {
        Ok(located) => (Ok(located.state), located.remarks),
        Err(why) => (Err(why), vec![]),
    };
    let cloud_provider = provider(&root.providers).unwrap_or_else(|| {
        let assumed = if block.kind == "s3" { CloudProvider::Aws } else { CloudProvider::Host };
        remarks.push(format!("no provider is named in the code: {} is assumed", assumed.as_str()));
        assumed
    });
    Offer { slug, cloud_provider, found: format!("{}, {}", block.kind, block.place), state, remarks }
}

pub(super) fn provider(names: &[String]) -> Option<CloudProvider> {
    names.iter().find_map(|name| match name.as_str() {
        "aws" | "awscc" => Some(CloudProvider::Aws),
        "google" | "google-beta" => Some(CloudProvider::Gcp),
        "azurerm" | "azapi" => Some(CloudProvider::Azure),
        "digitalocean" => Some(CloudProvider::Digitalocean),
        "kubernetes" | "helm" | "kubectl" => Some(CloudProvider::Kubernetes),
        "local" => Some(CloudProvider::Host),
        _ => None,
    })
}

pub(super) fn slug_of(directory: &Path) -> String {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Slug::from_text(&name).as_str().to_owned()
}

/// Gives every offer a slug of its own.
pub(super) fn tell_apart(offers: &mut [Offer]) {
    let mut taken = BTreeSet::new();
    for offer in offers {
        let base = Slug::from_text(&offer.slug).as_str().to_owned();
        let mut slug = base.clone();
        let mut number = 2;
        while !taken.insert(slug.clone()) {
            slug = format!("{base}-{number}");
            number += 1;
        }
        offer.slug = slug;
    }
}

impl fmt::Display for Offer {
    /// A `[[environment]]` table, or the same as comments where the address is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# {}", sanitise::line(&self.found))?;
        for remark in &self.remarks {
            writeln!(f, "# {}", sanitise::line(remark))?;
        }
        let quoted = |text: &str| toml::Value::String(sanitise::line(text)).to_string();
        match &self.state {
            Ok(state) => {
                writeln!(f, "[[environment]]\nslug = {}", quoted(&self.slug))?;
                writeln!(f, "cloud_provider = {}", quoted(self.cloud_provider.as_str()))?;
                writeln!(f, "state = {}", quoted(state))?;
                match self.cloud_provider {
                    CloudProvider::Aws => writeln!(f, "# aws = true   # reads what is there from AWS Config, too"),
                    _ => Ok(()),
                }
            }
            Err(why) => writeln!(f, "# no environment: {}", sanitise::line(why)),
        }
    }
}
