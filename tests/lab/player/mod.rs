//! The player, with little books: what it takes for a difference, what it leaves
//! alone, and what it says of a book that cannot be played.

use std::fs;
use std::path::PathBuf;

use support::{Done, lab_without_book, run, temporary};

mod bless;
mod books;
mod differences;
mod exercises;
mod shells;

/// A book of one chapter, number 20, gone when it is dropped.
struct Book(PathBuf);

impl Book {
    /// The chapter has one block with these lines, from line 4 on.
    fn new(lines: &str) -> Book {
        Book::of(&format!("# Title\n\n```console\n{lines}\n```\n"))
    }

    fn of(text: &str) -> Book {
        let book = Book(temporary("book"));
        book.write("ch20-title.md", text);
        book
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).unwrap();
        if let Some(user) = support::user() {
            let ids = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
            std::os::unix::fs::chown(self.0.join(file), ids.0, ids.1).unwrap();
        }
    }

    fn text(&self) -> String {
        fs::read_to_string(self.0.join("ch20-title.md")).unwrap()
    }

    /// Where the captures go: a path that has to be quoted.
    fn out(&self) -> PathBuf {
        self.0.join("it's mine")
    }

    /// A file of the reference captures.
    fn reference(&self, file: &str) -> PathBuf {
        self.0.join("captures/ch20").join(file)
    }

    #[track_caller]
    fn lab(&self, arguments: &[&str]) -> Done {
        let mut lab = lab_without_book();
        lab.arg("--book").arg(&self.0);
        lab.arg("--captures").arg(self.0.join("captures"));
        lab.arg("--out").arg(self.out());
        let done = run(lab.args(["--limit", "3"]).args(arguments));
        let output = self.out().join("20/.output");
        assert!(!output.exists(), "left behind: {}", output.display());
        done
    }

    #[track_caller]
    fn check(&self) -> Done {
        self.lab(&["check", "20"])
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
