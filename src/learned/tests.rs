use proptest::prelude::*;

use super::*;

/// 240 rows: the class hangs on the first two numbers, the third says nothing, and every tenth label is wrong.
fn rows() -> (Vec<Vec<f64>>, Vec<usize>) {
    let mut rng = fastrand::Rng::with_seed(7);
    (0..240)
        .map(|at| {
            let (a, b, c) = (rng.f64(), rng.f64(), rng.f64());
            let class = usize::from(a > 0.5) + usize::from(a > 0.5 && b > 0.5);
            (vec![a, b, c], if at % 10 == 0 { rng.usize(..3) } else { class })
        })
        .unzip()
}

fn grown() -> (Trained, Vec<usize>) {
    let (rows, labels) = rows();
    let growth = Growth { trees: 20, ..Growth::default() };
    (train(&["a", "b", "noise"], &["low", "mid", "high"], &rows, &labels, &growth).unwrap(), labels)
}

#[test]
fn a_forest_tells_what_it_was_shown_and_is_not_surer_than_it_is_right() {
    let (trained, labels) = grown();
    assert!(trained.forest.predict(&[0.2, 0.9, 0.5])[0] > 0.6);
    assert!(trained.forest.predict(&[0.9, 0.9, 0.5])[2] > 0.6);
    let best = |row: &Vec<f64>| (0..3).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap();
    let right = trained.out_of_bag.iter().zip(&labels).filter(|(row, label)| best(row) == **label).count();
    let sure: f64 = trained.out_of_bag.iter().map(|row| row[best(row)]).sum();
    let (right, sure) = (right as f64 / 240.0, sure / 240.0);
    assert!(right > 0.8 && (right - sure).abs() < 0.08, "right {right}, sure {sure}");
    let asked = trained.forest.asked();
    assert!(asked.iter().any(|(name, count)| *name == "a" && *count > 0), "{asked:?}");
}

#[test]
fn a_forest_is_the_same_for_the_same_seed_and_after_being_read_back() {
    let (once, again) = (grown().0.forest, grown().0.forest);
    assert_eq!(once.hash(), again.hash());
    let read: Forest = once.to_string().parse().unwrap();
    assert_eq!(read, once);
    let other = Growth { trees: 20, seed: 2, ..Growth::default() };
    let (rows, labels) = rows();
    let other = train(&["a", "b", "noise"], &["low", "mid", "high"], &rows, &labels, &other).unwrap();
    assert_ne!(other.forest.hash(), once.hash());
}

#[test]
fn what_cannot_be_learned_from_or_read_is_refused_with_a_reason() {
    let growth = Growth::default();
    assert!(matches!(train(&["a"], &["x", "y"], &[], &[], &growth), Err(TrainError::Nothing)));
    let short = train(&["a", "b"], &["x", "y"], &[vec![1.0]], &[0], &growth);
    assert!(matches!(short, Err(TrainError::Row(0, 1, 2))));
    let head = "driftguard.forest/1\nfeatures a\nclasses x y\ntemperature 1\n";
    let error = |body: &str| format!("{head}{body}").parse::<Forest>().unwrap_err().to_string();
    assert_eq!(error("0 =1\n1 7<0.5 =1 =0\n"), "line 6: no such feature");
    assert_eq!(error("0 =1\n"), "it has no trees for class `y`");
    assert_eq!(error("0 0<0.5 =1\n"), "line 5: a tree that has no end");
    assert_eq!("nonsense".parse::<Forest>().unwrap_err(), ForestError::Schema);
}

#[test]
fn a_temperature_above_one_makes_it_humbler() {
    let sure = [0.9, 0.1];
    assert!(cool(&sure, 2.0)[0] < 0.9 && cool(&sure, 0.5)[0] > 0.9 && (cool(&sure, 1.0)[0] - 0.9).abs() < 1e-9);
    // Said with 0.9, right in half of the cases.
    let rows = vec![sure.to_vec(); 10];
    let labels = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
    assert!(temperature(&rows, &labels) > 2.0);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(driftguard.forest/1\nfeatures a b\nclasses x y\ntemperature 1\n)?[0-2 =<.x\n-]{0,80}") {
        if let Ok(forest) = text.parse::<Forest>() {
            let sum: f64 = forest.predict(&[0.5, 0.5]).iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-9);
        }
    }
}
