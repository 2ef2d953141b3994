//! The screens. Pure core in `app`, one loop in `runtime`, rendering in `panes`, `overlays` and `widgets`.

pub mod keymap;
pub mod theme;
pub mod widgets;
