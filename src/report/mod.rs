//! Text, JSON, NDJSON and Markdown from the same data.
