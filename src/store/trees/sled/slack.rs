//! sled's threads look for work once a second each, for ever, and it has no way to tell them not to. They are woken when there
//! is work, so the look is for nothing. The kernel may be told how late a timer may come, and a thread hands that down to those
//! it starts: sled starts its threads from whoever writes.

/// So late may the timers of threads be that are started meanwhile. The thread that holds it must wait for no timer: a nap of
/// milliseconds would take an hour.
pub(super) struct Slack(());

impl Slack {
    pub(super) fn take() -> Self {
        set(std::num::NonZero::new(3_600_000_000_000));
        Self(())
    }
}

impl Drop for Slack {
    fn drop(&mut self) {
        set(None);
    }
}

/// In nanoseconds; none: as usual. Where it cannot be set, the threads wake as they always did.
#[cfg(target_os = "linux")]
fn set(nanoseconds: Option<std::num::NonZero<u64>>) {
    let _ = rustix::thread::set_current_timer_slack(nanoseconds);
}

#[cfg(not(target_os = "linux"))]
fn set(_: Option<std::num::NonZero<u64>>) {}
