//! Logs: to files, never to the screen.
