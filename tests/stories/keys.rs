//! Keys in, screen out: what a person on call presses, and what stands on the screen then. Real files, a real comparison and a
//! real store lie behind it; only the clock is set by the story, and no terminal is needed but for the last few.

mod cloud;
mod cluster;
mod deciding;
mod fifty;
mod finding;
mod night;
mod pty;
mod ruling;
mod seeing;
mod team;

pub use fifty::KEYS as KEYS_OF_A_NIGHT;
