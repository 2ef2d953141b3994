//! What a store takes up, for those who watch over it.

/// What a store takes up.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Gauges {
    /// Of the trees, on this machine's disk.
    pub bytes: Option<u64>,
    /// Connections to its database: in use, and waiting for use.
    pub pool: Option<(u32, u32)>,
    /// Why it cannot be used now; known without asking it.
    pub trouble: Option<&'static str>,
}
