//! Colours by role, with fallbacks to 16 colours and none.
