//! Small learned models: a random forest that is trained here, kept as a text, and read back without the library that grew it.
//!
//! A [`Forest`] tells classes by one regression forest per class on 0/1 targets. Its probabilities are normalised and tempered
//! on what the trees say of rows they did not see ([`Trained::out_of_bag`]), so that they mean what they say. The text form is
//! one line a tree; [`Forest::hash`] names an artefact by what is in it. A [`Line`] is a weighted sum, for what a forest has
//! never seen the like of.

mod forest;
mod line;
pub mod measure;
mod temper;
mod text;
mod train;
mod tree;

pub use forest::Forest;
pub use line::Line;
pub use temper::{cool, temperature};
pub use text::ForestError;
pub use train::{Growth, TrainError, Trained, train};

#[cfg(test)]
mod tests;
