//! How well a grouping agrees with another one, pair by pair.

/// Pairs of drifts by what two groupings say of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pairs {
    /// Together in both.
    pub both: u64,
    /// Together in ours alone.
    pub ours: u64,
    /// Together in the label alone.
    pub label: u64,
}

impl Pairs {
    /// Of what we put together, the part that the label has together, with the ends of its 95 % Wilson interval; `None`: nothing.
    pub fn precision(&self) -> Option<(f64, f64, f64)> {
        interval(self.both, self.both + self.ours)
    }

    /// Of what the label has together, the part that we put together.
    pub fn recall(&self) -> Option<(f64, f64, f64)> {
        interval(self.both, self.both + self.label)
    }
}

/// Wilson's score interval (Wilson 1927, JASA 22) at 95 %.
fn interval(hits: u64, of: u64) -> Option<(f64, f64, f64)> {
    const Z: f64 = 1.959_964;
    if of == 0 {
        return None;
    }
    let (n, p) = (of as f64, hits as f64 / of as f64);
    let (middle, scale) = (p + Z * Z / (2.0 * n), 1.0 + Z * Z / n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some((p, ((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0)))
}

/// `ours` and `label` name the group of each drift; only pairs that `counts` says so are looked at.
pub fn pairs<A: PartialEq, B: PartialEq>(ours: &[A], label: &[B], counts: impl Fn(usize, usize) -> bool) -> Pairs {
    let mut pairs = Pairs::default();
    let all = (0..ours.len().min(label.len())).flat_map(|b| (0..b).map(move |a| (a, b)));
    for (a, b) in all.filter(|(a, b)| counts(*a, *b)) {
        match (ours[a] == ours[b], label[a] == label[b]) {
            (true, true) => pairs.both += 1,
            (true, false) => pairs.ours += 1,
            (false, true) => pairs.label += 1,
            (false, false) => {}
        }
    }
    pairs
}
