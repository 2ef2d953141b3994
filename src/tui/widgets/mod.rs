//! Parts that know nothing of the application.
