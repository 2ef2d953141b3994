//! What happened around a drift: who did it. Sources of their own, asked when somebody wants to know.

pub mod cloudtrail;
mod forge;
pub mod git;
