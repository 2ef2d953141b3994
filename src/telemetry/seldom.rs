//! What goes wrong in the same way again and again is said once, and then once a minute how often.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// Between two lines of one kind.
const MINUTE: Duration = Duration::from_secs(60);
/// Kinds that are told apart at a time; what comes beyond is said each time.
const MOST: usize = 1_000;

/// Of one kind, since it was last said.
struct More {
    what: String,
    times: u64,
}

/// Lets warnings and errors through that were not said lately.
#[derive(Clone, Default)]
pub(super) struct Seldom(Arc<Mutex<HashMap<u64, More>>>);

/// Says now and then what was held back, until it is dropped.
pub(super) struct Counting(#[allow(dead_code)] Sender<()>);

impl Seldom {
    fn kinds(&self) -> MutexGuard<'_, HashMap<u64, More>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn passes(&self, event: &Event<'_>) -> bool {
        if *event.metadata().level() > Level::WARN {
            return true;
        }
        let mut kind = Kind::of(event);
        let mut kinds = self.kinds();
        if let Some(more) = kinds.get_mut(&kind.hasher.finish()) {
            more.times += 1;
            return false;
        }
        if kinds.len() < MOST {
            let what = std::mem::take(&mut kind.text);
            kinds.insert(kind.hasher.finish(), More { what, times: 0 });
        }
        true
    }

    /// What was held back since the last time. What was not is new the next time it happens.
    fn held_back(&self) -> Vec<More> {
        let mut kinds = self.kinds();
        kinds.retain(|_, more| more.times > 0);
        kinds
            .values_mut()
            .map(|more| More { what: more.what.clone(), times: std::mem::take(&mut more.times) })
            .collect()
    }

    /// Begins to say what is held back.
    pub(super) fn count(&self) -> std::io::Result<Counting> {
        let (held, over) = channel::<()>();
        let seldom = self.clone();
        std::thread::Builder::new().name("repeated warnings".into()).spawn(move || {
            while over.recv_timeout(MINUTE) == Err(RecvTimeoutError::Timeout) {
                for more in seldom.held_back() {
                    tracing::warn!(target: COUNTED, times = more.times, what = more.what, "again in the last minute");
                }
            }
        })?;
        Ok(Counting(held))
    }
}

/// Of the lines that say how often.
const COUNTED: &str = "driftguard::again";

impl<S: Subscriber> Filter<S> for Seldom {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        event.metadata().target() == COUNTED || self.passes(event)
    }
}

/// Lines that say the same. Libraries put figures into theirs: those are of one kind wherever they come from the same place.
struct Kind {
    hasher: DefaultHasher,
    text: String,
    by_place: bool,
}

impl Kind {
    fn of(event: &Event<'_>) -> Self {
        let about = event.metadata();
        let by_place = !about.target().starts_with("driftguard");
        let mut kind = Self { hasher: DefaultHasher::new(), text: String::new(), by_place };
        about.callsite().hash(&mut kind.hasher);
        event.record(&mut kind);
        kind
    }
}

impl Visit for Kind {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        if !self.by_place {
            (field.name(), &text).hash(&mut self.hasher);
        }
        if field.name() == "message" {
            self.text = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{Layer, registry};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Lines {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(Kind::of(event).text);
        }
    }

    #[test]
    fn what_is_said_again_is_counted_and_what_differs_is_said() {
        let (seldom, lines) = (Seldom::default(), Lines::default());
        let subscriber = registry().with(lines.clone().with_filter(seldom.clone()));
        with_default(subscriber, || {
            for n in 0..50 {
                tracing::warn!(error = "gone", "no turn");
                tracing::warn!(target: "sqlx::pool", elapsed = n, "slow");
                tracing::info!("each of these");
            }
            tracing::warn!(error = "full", "no turn");
        });
        let said = lines.0.lock().unwrap().clone();
        let times = |what: &str| said.iter().filter(|line| *line == what).count();
        assert_eq!([times("no turn"), times("slow"), times("each of these")], [2, 1, 50]);
        let mut held: Vec<(String, u64)> = seldom.held_back().into_iter().map(|more| (more.what, more.times)).collect();
        held.sort();
        assert_eq!(held, [("no turn".to_owned(), 49), ("slow".to_owned(), 49)]);
        assert!(seldom.held_back().is_empty() && seldom.kinds().is_empty(), "then it is new again");
    }
}
