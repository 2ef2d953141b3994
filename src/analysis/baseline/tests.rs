use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn begun(at: Timestamp, service: &str) -> Begun {
    Begun {
        at,
        service: service.into(),
        kind: format!("{service}_instance"),
        hand: None,
        habits: vec![],
        worst: SeverityClass::Low,
    }
}

/// So many incidents at noon of each of these days.
fn noons(first: &str, days: &[u32]) -> Vec<Begun> {
    let first = at(first);
    let day = |(index, count): (usize, &u32)| {
        let noon = first.checked_add(SignedDuration::from_hours(24 * index as i64)).unwrap();
        vec![begun(noon, "aws_db"); *count as usize]
    };
    days.iter().enumerate().flat_map(day).collect()
}

fn told(begun: &[Begun], until: &str) -> Vec<String> {
    let (_, told) = replay(begun, at(until), 1);
    told.iter().map(|verdict| verdict.at.strftime("%Y-%m-%d").to_string()).collect()
}

#[test]
fn a_service_is_the_first_part_of_a_type() {
    let of = |kind: &str| service_of(kind);
    assert_eq!(of("aws_db_instance"), "aws_db");
    assert_eq!(of("google_compute_firewall"), "google_compute");
    assert_eq!(of("AWS::RDS::DBInstance"), "AWS::RDS");
    assert_eq!(of("apps/v1/Deployment"), "apps");
    assert_eq!(of("local_file"), "local_file");
    assert_eq!(of(""), "");
}

#[test]
fn nothing_is_told_before_there_is_something_to_go_by() {
    // The first day finds what was there before.
    let mut days = vec![40, 0, 0, 9, 0, 0, 0];
    assert_eq!(told(&noons("2026-01-05T12:00:00Z", &days), "2026-01-15T00:00:00Z"), Vec::<String>::new());
    days.extend([0; 13]);
    days.push(9);
    assert_eq!(told(&noons("2026-01-05T12:00:00Z", &days), "2026-02-01T00:00:00Z"), ["2026-01-25"]);
}

#[test]
fn a_burst_is_told_once_a_week_and_in_words() {
    let mut days = vec![0_u32; 40];
    days[0] = 1;
    days[30] = 9;
    days[31] = 9;
    days[33] = 9;
    let mut all = noons("2026-01-05T12:00:00Z", &days);
    for one in all.iter_mut().filter(|one| one.at >= at("2026-02-04T00:00:00Z")).take(7) {
        one.hand = Some("alice".into());
        one.habits = vec!["a script changes storage_encrypted of aws_db_instance".into()];
    }
    let (_, told) = replay(&all, at("2026-02-20T00:00:00Z"), 1);
    assert_eq!(told.len(), 1, "{told:?}");
    let unusual = told[0].unusual.as_ref().unwrap();
    // Told with the first that is too much, and not when it is over.
    assert_eq!((unusual.count, date(told[0].at).to_string().as_str()), (9, "2026-02-04"));
    let words = unusual.words(told[0].at).raw().to_owned();
    assert!(
        words.starts_with("aws_db: 9 incidents since 12:00 UTC; usual 0 a day; 7 by alice; first time here: a script"),
        "{words}"
    );
}

#[test]
fn a_steady_service_is_never_told_of_and_its_week_is_learnt() {
    // Five on each working day, none at the weekend.
    let week = [5, 5, 5, 5, 5, 0, 0];
    let days: Vec<u32> = week.iter().copied().cycle().take(7 * 20).collect();
    let mut all = noons("2026-01-05T12:00:00Z", &days);
    assert_eq!(told(&all, "2026-05-24T00:00:00Z"), Vec::<String>::new());
    let (baselines, _) = replay(&all, at("2026-05-24T00:00:00Z"), 1);
    let usual = |day: &str| {
        let day: Date = day.parse().unwrap();
        let predicted = baselines.services[ALL].predicted(&baselines.exposure, day, 1);
        (predicted.quantile(0.05), predicted.quantile(0.95), predicted.is_seasonal)
    };
    let (monday, sunday) = (usual("2026-05-25"), usual("2026-05-24"));
    assert!(monday.0 >= 1 && monday.1 <= 12 && monday.2, "{monday:?}");
    assert!(sunday.1 <= 2, "{sunday:?}");
    // What would be usual on a Monday is not on a Sunday.
    all.extend(vec![begun(at("2026-05-24T12:00:00Z"), "aws_db"); 6]);
    let last = replay(&all, at("2026-05-25T00:00:00Z"), 1).1;
    assert_eq!(last.last().map(|verdict| date(verdict.at).to_string()), Some("2026-05-24".into()));
    assert!(last[0].words().raw().contains("on Sundays"), "{last:?}");
}

#[test]
fn what_is_spread_over_many_services_is_seen_in_all_of_them_together() {
    let mut all = noons("2026-01-05T12:00:00Z", &[1]);
    all.extend((0..6).map(|n| begun(at("2026-02-04T09:00:00Z"), &format!("aws_s{n}"))));
    let (_, told) = replay(&all, at("2026-02-05T00:00:00Z"), 1);
    assert!(told[0].words().raw().starts_with("all services: 6 incidents"), "{told:?}");
}

#[test]
fn days_without_a_scan_teach_nothing_and_excuse_what_is_found_after_them() {
    let mut baselines = replay(&noons("2026-01-05T12:00:00Z", &[2; 40]), at("2026-02-14T00:00:00Z"), 1).0;
    let learnt = baselines.exposure.clone();
    // Back after two weeks: as many as in a fortnight are no surprise.
    let found = vec![begun(at("2026-02-28T08:00:00Z"), "aws_db"); 28];
    let verdict = baselines.look(at("2026-02-28T08:00:00Z"), &found, 1);
    assert_eq!(verdict.unusual, None);
    assert!(baselines.exposure.days <= learnt.days + 1, "{baselines:?}");
}

#[test]
fn the_same_look_twice_changes_nothing_and_it_reads_back_from_what_is_kept() {
    let all = noons("2026-01-05T12:00:00Z", &[1; 20]);
    let (mut baselines, _) = replay(&all, at("2026-01-24T00:00:00Z"), 1);
    let now = at("2026-01-24T15:00:00Z");
    let first = baselines.look(now, &all, 1);
    let (kept, again) = (baselines.clone(), baselines.look(now, &all, 1));
    assert_eq!((first, &kept), (again, &baselines));
    let json = serde_json::to_string(&baselines).unwrap();
    let read: Baselines = serde_json::from_str(&json).unwrap();
    assert_eq!((&read.verdict, read.trend(), read.day), (&baselines.verdict, baselines.trend(), baselines.day));
    assert!((read.exposure.weight() - baselines.exposure.weight()).abs() < 1e-9);
    assert_eq!(baselines.trend().len(), 20);
}

#[test]
fn five_years_of_a_random_service_are_told_of_once_at_most() {
    // A fixed Poisson stream of about two a day: uniform numbers from a hash.
    let mut all = vec![];
    let first = at("2020-01-01T00:00:00Z");
    for day in 0..1826_i64 {
        let uniform = |n: u32| {
            let bytes = blake3::hash(format!("{day} {n}").as_bytes());
            f64::from(u32::from_le_bytes(*bytes.as_bytes().first_chunk().unwrap())) / f64::from(u32::MAX)
        };
        // Knuth's method.
        let (mut product, mut count) = (uniform(0), 0);
        while product > (-2.0_f64).exp() {
            count += 1;
            product *= uniform(count);
            let seconds = 86_400 * day + (uniform(1000 + count) * 86_399.0) as i64;
            all.push(begun(first.checked_add(SignedDuration::from_secs(seconds)).unwrap(), "aws_db"));
        }
    }
    let (_, told) = replay(&all, at("2025-01-01T00:00:00Z"), 1);
    assert!(told.len() <= 1, "{told:#?}");
}

#[test]
fn a_forecast_comes_with_what_is_usual_and_not_before_and_widens_with_what_is_not_known() {
    let steady: Vec<u32> = [1, 0, 2, 1, 1, 0, 2].into_iter().cycle().take(70).collect();
    let at_day =
        |day: usize| at("2026-01-05T23:59:00Z").checked_add(SignedDuration::from_hours(24 * day as i64)).unwrap();
    let forecast =
        |days: &[u32], day: usize| replay(&noons("2026-01-05T12:00:00Z", days), at_day(day), 1).0.forecast(at_day(day));
    assert_eq!(forecast(&steady[..5], 4), None, "it is being learnt");
    let known = forecast(&steady, 69).unwrap();
    // The negative binomial with shape 35.2 and mean 7.0, summed in another program.
    assert_eq!((known.days, known.from, known.likely, known.to), (7, 3, 7, 11));
    let (busy, width) = (|days: usize| forecast(&vec![2; days], days - 1).unwrap(), |one: Forecast| one.to - one.from);
    let (young, old) = (busy(9), busy(70));
    assert!(width(young) > width(old), "{young:?} is no wider than {old:?}");
    assert!(known.words().starts_with("experimental forecast: ") && known.words().ends_with("(8 in 10), about 7"));
}

#[test]
fn each_type_has_its_trend_and_what_is_gone_for_weeks_is_forgotten() {
    let mut all = noons("2026-01-05T12:00:00Z", &[1; 40]);
    all[1].kind = "aws_iam_role".into();
    all[39].kind = "aws_vpc".into();
    let (baselines, _) = replay(&all, at("2026-02-14T00:00:00Z"), 1);
    let trends = baselines.trends();
    let of = |kind: &str| trends.iter().find(|trend| trend.of.raw() == kind).map(|trend| trend.days.clone());
    let total = baselines.trend();
    assert_eq!(trends[0].of.raw(), "aws_db_instance", "most first");
    assert_eq!((of("aws_vpc").unwrap().iter().sum::<u32>(), of("aws_iam_role")), (1, None));
    for (day, count) in total.iter().enumerate() {
        assert_eq!(trends.iter().map(|trend| trend.days[day]).sum::<u32>(), *count, "day {day}");
    }
    // One kept by a version that knew of no types is read.
    let mut old = serde_json::to_value(&baselines).unwrap();
    old.as_object_mut().unwrap().remove("types");
    old["verdict"].as_object_mut().unwrap().remove("types");
    let old: Baselines = serde_json::from_value(old).unwrap();
    assert_eq!((old.trend(), old.trends()), (baselines.trend(), vec![]));
}
