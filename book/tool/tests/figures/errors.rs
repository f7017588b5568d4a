//! Drawing that has to fail.

use std::path::Path;

/// Draws a directive.
pub type Draw = fn(&Path, &str) -> anyhow::Result<String>;

/// Drawing fails, with all of these words in the error, and without the place of
/// the tree.
#[track_caller]
pub fn fails_in(tree: &Path, draw: Draw, arguments: &str, words: &[&str]) {
    let error = format!("{:#}", draw(tree, arguments).expect_err(arguments));
    for words in words {
        assert!(error.contains(words), "{arguments}\n{error}\n{words}");
    }
    assert!(!error.contains(&*tree.to_string_lossy()), "{error}");
}
