//! Measures of agreement, as the field defines them.

/// Counts by row (labelled) and column (predicted).
#[derive(Clone, PartialEq, Debug)]
pub struct Confusion<const N: usize> {
    pub counts: [[usize; N]; N],
}

impl<const N: usize> Confusion<N> {
    pub fn of(pairs: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut counts = [[0; N]; N];
        pairs.filter(|(gold, said)| *gold < N && *said < N).for_each(|(gold, said)| counts[gold][said] += 1);
        Self { counts }
    }

    pub fn total(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    fn row(&self, at: usize) -> usize {
        self.counts[at].iter().sum()
    }

    fn column(&self, at: usize) -> usize {
        self.counts.iter().map(|row| row[at]).sum()
    }

    pub fn right(&self) -> usize {
        (0..N).map(|at| self.counts[at][at]).sum()
    }

    /// Cohen's kappa with quadratic weights: 1 is agreement, 0 what chance gives.
    pub fn quadratic_kappa(&self) -> f64 {
        let (total, mut seen, mut chance) = (self.total() as f64, 0.0, 0.0);
        for gold in 0..N {
            for said in 0..N {
                let weight = (gold as f64 - said as f64).powi(2);
                seen += weight * self.counts[gold][said] as f64;
                chance += weight * self.row(gold) as f64 * self.column(said) as f64 / total.max(1.0);
            }
        }
        if chance > 0.0 { 1.0 - seen / chance } else { 0.0 }
    }

    /// The mean of F1 over the classes that are labelled or predicted at all.
    pub fn macro_f1(&self) -> f64 {
        let classes: Vec<usize> = (0..N).filter(|at| self.row(*at) + self.column(*at) > 0).collect();
        let f1 = |at: &usize| 2.0 * self.counts[*at][*at] as f64 / (self.row(*at) + self.column(*at)) as f64;
        classes.iter().map(f1).sum::<f64>() / classes.len().max(1) as f64
    }
}

/// Area under the receiver operating characteristic: how often a positive ranks above a negative; ties count half. `None`
/// without both.
pub fn auc(scores: &[(f64, bool)]) -> Option<f64> {
    let (positive, negative): (Vec<_>, Vec<_>) = scores.iter().partition(|(_, is)| *is);
    let pairs = positive.len() * negative.len();
    let above = |p: f64| {
        negative
            .iter()
            .map(|(n, _)| {
                if p > *n {
                    1.0
                } else if p == *n {
                    0.5
                } else {
                    0.0
                }
            })
            .sum::<f64>()
    };
    (pairs > 0).then(|| positive.iter().map(|(p, _)| above(*p)).sum::<f64>() / pairs as f64)
}

/// The 95 % interval of a share, after Wilson.
pub fn wilson(part: usize, whole: usize) -> (f64, f64) {
    wilson_at(part, whole, 1.96)
}

/// As [`wilson`], so many standard errors wide to either side.
pub fn wilson_at(part: usize, whole: usize, z: f64) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    let n = whole as f64;
    let share = part as f64 / n;
    let middle = share + z * z / (2.0 * n);
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((middle - spread) / scale).max(0.0), ((middle + spread) / scale).min(1.0))
}

/// Expected calibration error in ten bins of equal width: how far from how often right the confidence is.
pub fn calibration_error(said: &[(f64, bool)]) -> f64 {
    let gap = |(_, confidence, right): &Bin| (confidence - *right as f64).abs();
    calibration(said).iter().map(gap).sum::<f64>() / said.len().max(1) as f64
}

/// What was said with about the same confidence: how often, the sum of the confidences, how often it was right.
pub type Bin = (usize, f64, usize);

/// Ten bins of equal width.
pub fn calibration(said: &[(f64, bool)]) -> [Bin; 10] {
    let mut bins = [(0, 0.0, 0); 10];
    for (confidence, right) in said {
        let bin = &mut bins[((confidence * 10.0) as usize).min(9)];
        *bin = (bin.0 + 1, bin.1 + confidence, bin.2 + usize::from(*right));
    }
    bins
}

/// (threshold, covered, right among those) for each confidence that was given, the surest first.
pub fn coverage(said: &[(f64, bool)]) -> Vec<(f64, usize, usize)> {
    let mut sorted = said.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut curve: Vec<(f64, usize, usize)> = vec![];
    let (mut covered, mut right) = (0, 0);
    for (confidence, is_right) in sorted {
        (covered, right) = (covered + 1, right + usize::from(is_right));
        match curve.last_mut() {
            Some(last) if last.0 == confidence => *last = (confidence, covered, right),
            _ => curve.push((confidence, covered, right)),
        }
    }
    curve
}
