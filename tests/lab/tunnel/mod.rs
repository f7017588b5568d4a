//! What must be true of every tunnel, whatever goes through it.

mod crosses_unchanged;
mod ending;
mod trouble;
