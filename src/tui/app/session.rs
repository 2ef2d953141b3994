//! What the next session begins with: looks, keys, layout and place.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Model;
use super::model::Pane;
use super::overlay::Overlay;
use super::timeline::Shown;
use super::update::jump;
use crate::drift::{DriftId, SeverityClass, Slug};
use crate::tui::widgets::diff::Syntax;

/// Of the form below; another one is not read.
pub const VERSION: u32 = 1;

/// The screens as somebody left them.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
#[serde(default)]
pub struct Session {
    pub version: u32,
    /// Chosen live, and what the configuration said then: what it says since is meant.
    pub theme: Option<Chosen>,
    pub keymap: Option<Chosen>,
    pub utc: bool,
    pub zoom: bool,
    pub focus: Pane,
    pub unified: bool,
    pub unfolded: bool,
    pub only_changed: bool,
    pub wrap: bool,
    pub syntax: Syntax,
    pub place: Option<Place>,
    /// The tutorial was seen, or skipped.
    pub tutored: bool,
}

/// A choice that stands as long as the configuration does.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Chosen {
    pub configured: String,
    pub name: String,
}

/// Where one was, in a world that is there the next time.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default)]
#[serde(default)]
pub struct Place {
    /// Names that world: the store.
    pub world: String,
    pub environment: Option<Slug>,
    pub drift: Option<DriftId>,
    pub query: String,
    pub shown: Shown,
    /// This severity and worse.
    pub floor: Option<SeverityClass>,
}

impl Session {
    /// The screens as they are. A theme that is only being tried is none.
    pub fn of(model: &Model) -> Self {
        let theme = model.themes.get(model.settled_theme()).map(|theme| theme.name().to_owned());
        let chosen = |configured: &str, name: Option<String>| {
            let name = name.filter(|name| name != configured)?;
            Some(Chosen { configured: configured.to_owned(), name })
        };
        let keymap = (model.keymap > 0).then(|| model.keymaps[model.keymap].0.clone());
        Self {
            version: VERSION,
            theme: chosen(&model.configured.theme, theme).filter(|_| !model.auto_theme),
            keymap: chosen(&model.configured.keymap, keymap),
            utc: model.utc,
            zoom: model.zoom,
            focus: model.focus,
            unified: model.detail.unified,
            unfolded: !model.detail.fold,
            only_changed: model.detail.only_changed,
            wrap: model.detail.wrap,
            syntax: model.detail.syntax,
            place: model.world.clone().map(|world| Place::of(model, world)),
            tutored: model.tutored,
        }
    }

    /// Makes the screens so; before anything is asked of the service.
    pub fn restore(self, model: &mut Model) {
        let still = |chosen: Option<Chosen>, configured: &str| {
            chosen.filter(|chosen| chosen.configured == configured).map(|chosen| chosen.name)
        };
        if let Some(name) = still(self.theme, &model.configured.theme)
            && let Some(at) = model.themes.iter().position(|theme| theme.name() == name)
        {
            (model.theme, model.auto_theme) = (at, false);
        }
        if let Some(name) = still(self.keymap, &model.configured.keymap)
            && let Some(at) = model.keymaps.iter().position(|(keymap, _)| *keymap == name)
        {
            model.keymap = at;
        }
        if self.utc {
            model.show_utc(true);
        }
        (model.zoom, model.focus, model.tutored) = (self.zoom, self.focus, self.tutored);
        let detail = &mut model.detail;
        (detail.unified, detail.fold, detail.only_changed) = (self.unified, !self.unfolded, self.only_changed);
        (detail.wrap, detail.syntax) = (self.wrap, self.syntax);
        if let Some(place) = self.place.filter(|place| Some(&place.world) == model.world.as_ref()) {
            model.environments.cursor = place.environment.clone();
            model.timeline.filter.environment = place.environment;
            // A query of another version may not be understood any more: then there is none.
            let _ = model.timeline.filter.ask(&place.query, model.now, &model.zone);
            (model.timeline.filter.shown, model.timeline.filter.floor) = (place.shown, place.floor);
            model.returns_to = place.drift;
        }
    }
}

impl Place {
    /// A resource that was only jumped to is no place to begin with: it is where the jump began.
    fn of(model: &Model, world: String) -> Self {
        let from = jump::departure(model);
        let filter = from.map_or(&model.timeline.filter, |from| &from.filter);
        Self {
            world,
            environment: filter.environment.clone(),
            drift: from.map_or_else(|| model.timeline.selected_id(), |from| from.drift),
            query: filter.text().to_owned(),
            shown: filter.shown,
            floor: filter.floor,
        }
    }
}

impl Model {
    /// Not the one that is only being tried.
    pub fn settled_theme(&self) -> usize {
        match self.overlay {
            Some(Overlay::Themes { before }) => before,
            _ => self.theme,
        }
    }

    /// In UTC, or as the clock on the wall says it.
    pub fn show_utc(&mut self, utc: bool) {
        self.utc = utc;
        self.zone = if utc { TimeZone::UTC } else { TimeZone::system() };
    }
}
