//! Environments that the code here offers: looked for, and added to the configuration, whose change is then in force by itself.

use std::sync::Arc;

use crate::config::Found;
use crate::drift::Slug;
use crate::safety::sanitise;
use crate::tui::app::msg::Ticket;
use crate::tui::app::offers::OffersView;
use crate::tui::app::overlay::Overlay;
use crate::tui::app::{Effect, Model};

pub fn open(model: &mut Model) -> Vec<Effect> {
    model.offers = Some(OffersView::default());
    model.overlay = Some(Overlay::Offers);
    look(model)
}

fn look(model: &mut Model) -> Vec<Effect> {
    let ticket = model.ticket();
    let (Some(adding), Some(view)) = (model.adding.clone(), &mut model.offers) else { return vec![] };
    view.looking = Some(ticket);
    vec![Effect::FindEnvironments(ticket, adding)]
}

pub fn came(model: &mut Model, ticket: Ticket, found: Found) -> Vec<Effect> {
    let Some(view) = model.offers.as_mut().filter(|view| view.looking == Some(ticket)) else { return vec![] };
    view.looking = None;
    view.at = view.at.min(found.offered.len().saturating_sub(1));
    view.found = Some(found);
    vec![]
}

/// Adds the one under the cursor, or says why not.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    model.overlay = Some(Overlay::Offers);
    let Some(one) = model.offers.as_ref().and_then(OffersView::current).cloned() else { return vec![] };
    let is_busy = model.offers.as_ref().is_some_and(|view| view.adding.is_some());
    let why = match (&one.known_as, &one.offer.state, model.read_only()) {
        _ if is_busy => Some("the last one is still being written".to_owned()),
        (Some(slug), ..) => Some(format!("it is in the configuration already, as {slug}")),
        // It stands below the list already.
        (None, Err(_), _) => Some("its address is not known: see below the list".to_owned()),
        (None, Ok(_), Some(why)) => Some(format!("read-only: {why}; nothing is added from here")),
        (None, Ok(_), None) => None,
    };
    if let Some(why) = why {
        model.notice(false, why);
        return vec![];
    }
    let ticket = model.ticket();
    let (Some(adding), Some(view)) = (model.adding.clone(), &mut model.offers) else { return vec![] };
    view.adding = Some(ticket);
    vec![Effect::AddEnvironment(ticket, adding, Box::new(one.offer))]
}

/// It is in the file, or why it is not.
pub fn added(model: &mut Model, ticket: Ticket, answer: Result<Slug, String>) -> Vec<Effect> {
    if let Some(view) = model.offers.as_mut().filter(|view| view.adding == Some(ticket)) {
        view.adding = None;
    }
    match answer {
        Ok(slug) => {
            let file = model.adding.as_ref().map_or(String::new(), |adding| adding.file.display().to_string());
            model.notice(false, format!("{slug} is in {} now", sanitise::line(&file)));
            if model.overlay == Some(Overlay::Offers) { look(model) } else { vec![] }
        }
        Err(why) => {
            model.notice(true, why);
            vec![]
        }
    }
}

/// Why there is no such list.
pub fn missing(adding: Option<&Arc<crate::config::Adding>>) -> Option<String> {
    adding.is_none().then(|| "what is scanned here is not taken from a configuration file".into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::config::{Adding, Paths};
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    fn screens(home: &Path, read_only: bool) -> Screens {
        let paths = Paths {
            system_dir: home.join("etc"),
            config_dir: home.join("config"),
            data_dir: home.to_owned(),
            state_dir: home.to_owned(),
        };
        for (name, key) in [("net", "\"net.tfstate\""), ("who", "var.key")] {
            fs::create_dir_all(home.join(name)).unwrap();
            let text =
                format!("terraform {{\n  backend \"s3\" {{\n    bucket = \"states\"\n    key = {key}\n  }}\n}}\n");
            fs::write(home.join(name).join("main.tf"), text).unwrap();
        }
        let adding = Some(Arc::new(Adding::new(&paths, None, |_| None, home)));
        let read_only = read_only.then(|| "by --read-only".to_owned());
        let options = options(Options { adding, read_only, ..Options::default() });
        Screens::open(Sample::shared(), options, (120, 40)).unwrap()
    }

    #[test]
    fn what_code_keeps_elsewhere_is_listed_and_the_chosen_one_is_written_into_the_configuration() {
        let home = tempfile::tempdir().unwrap();
        let mut screens = screens(home.path(), false);
        screens.act("find-environments");
        let screen = screens.screen();
        for words in ["+ net", "s3://states/net.tfstate", "! who", "net/main.tf:2"] {
            assert!(screen.contains(words), "{words}: {screen}");
        }
        screens.keys("enter");
        let file = home.path().join("config/config.toml");
        assert!(fs::read_to_string(&file).unwrap().contains("state = \"s3://states/net.tfstate\""));
        let screen = screens.screen();
        assert!(screen.contains("= net") && screen.contains("configured as net"), "{screen}");
        let before = fs::read_to_string(&file).unwrap();
        screens.keys("enter j enter");
        let why = "key = var.key (who/main.tf:4) is known only when Terraform runs";
        assert!(screens.screen().contains(why), "{}", screens.screen());
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
        screens.keys("esc");
        assert_eq!(screens.model.overlay, None);
    }

    #[test]
    fn nothing_is_added_when_read_only_or_where_no_configuration_says_what_is_scanned() {
        let home = tempfile::tempdir().unwrap();
        let mut read_only = screens(home.path(), true);
        read_only.act("find-environments");
        read_only.keys("enter");
        assert!(read_only.screen().contains("nothing is added from here"), "{}", read_only.screen());
        assert!(!home.path().join("config").exists());
        let mut without = Screens::open(Sample::shared(), options(Options::default()), (120, 40)).unwrap();
        without.act("find-environments");
        assert!(without.screen().contains("not taken from a configuration file"), "{}", without.screen());
    }
}
