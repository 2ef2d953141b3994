//! Panics that are expected to be caught.

use std::cell::Cell;

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Says of this thread that whoever started it catches its panics and tells of them, as a scan does of its workers.
pub(crate) fn are_caught_here() {
    CAUGHT.set(true);
}

/// Whether a panic of this thread is told elsewhere: a hook that prints it, or restores the terminal, should let it pass.
pub(crate) fn is_caught() -> bool {
    CAUGHT.get()
}
