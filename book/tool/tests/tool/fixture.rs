//! A small tree with a small book in it, with nothing wrong.

use std::path::Path;
use std::process::Command;

use book_tool::build::{Built, build};
use tempfile::TempDir;

const FILES: [(&str, &str); 9] = [
    (
        "book/book.toml",
        r#"[book]
title = "A small book"

[build]
create-missing = false
use-default-preprocessors = false

[output.html]
hash-files = false
input-404 = ""
additional-css = ["theme/book.css"]

[output.html.playground]
runnable = false
copy-js = false

[output.html.print]
enable = false

[output.html.search]
enable = false
"#,
    ),
    (
        "book/src/SUMMARY.md",
        "# Summary\n\n- [First](first.md)\n- [Second](second.md)\n",
    ),
    (
        "book/src/first.md",
        r#"# First

See [more](second.md#more), [above](#first) and [RFC 768](https://www.rfc-editor.org/rfc/rfc768).

{{#listing src/code.rs answer}}

{{#changes ch01 ch02}}

```console ignore="needs a second machine"
left$ ping -c 1 \
    192.168.0.2
64 bytes from <peer>: time=[..] ms
...
right$ fg
^C
```

![Three hosts in a row](hosts.svg)
"#,
    ),
    (
        "book/src/second.md",
        "# Second\n\n> [!NOTE]\n> An icon of mdBook's.\n\n## More\n\nBack to [the first](first.md).\n",
    ),
    (
        "book/src/hosts.svg",
        "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n",
    ),
    ("book/theme/book.css", ".console { color: black; }\n"),
    (
        "src/code.rs",
        r#"//! Answers to questions. They are all the same.

impl Oracle {
    /// The answer, with a fence in its comment:
    ///
    /// ```
    /// # hidden();
    /// ```
    // ANCHOR: answer
    pub fn answer(&self) -> u32 {
        // ANCHOR: inner
        let text = "
# not hidden
";
        // ANCHOR_END: inner
        42
    }
    // ANCHOR_END: answer
}
"#,
    ),
    (
        "chapters/ch01_ask.rs",
        "//! Chapter 1.\n\nfn main() {\n    let a = 1;\n    let b = 2;\n    let c = 3;\n    let d = 4;\n    let e = 5;\n    println!(\"{a}\");\n}\n",
    ),
    (
        "chapters/ch02_answer.rs",
        "//! Chapter 2.\n\nuse ip_over_udp::code::Oracle;\n\nfn main() {\n    let a = 1;\n    let b = 2;\n    let c = 3;\n    let d = 4;\n    let e = 5;\n    println!(\"{a} < 2\");\n}\n",
    ),
];

/// A tree that vanishes with its test.
pub struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Fixture { folder };
        for (file, text) in FILES {
            fixture.write(file, text);
        }
        fixture.append("book/src/second.md", "\n{{#listing src/code.rs inner}}\n");
        fixture
    }

    pub fn tree(&self) -> &Path {
        self.folder.path()
    }

    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.tree().join(file)).unwrap()
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.tree().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Copies a file of our own tree into this one.
    pub fn copy(&self, ours: &str, file: &str) {
        let path = self.tree().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(Path::new("../..").join(ours), path).unwrap();
    }

    pub fn append(&self, file: &str, text: &str) {
        self.write(file, &(self.read(file) + text));
    }

    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no {from:?}");
        self.write(file, &text.replace(from, to));
    }

    /// A command in this tree, which the program `book` takes for its own.
    pub fn command(&self, program: &str) -> Command {
        let tool = self.tree().join("book/tool");
        std::fs::create_dir_all(&tool).unwrap();
        let mut command = Command::new(program);
        command
            .env("CARGO_MANIFEST_DIR", tool)
            .current_dir(self.tree());
        command
    }

    pub fn build(&self) -> anyhow::Result<Built> {
        build(self.tree(), false)
    }

    /// What is wrong with the book, a line for each.
    pub fn problems(&self) -> String {
        match self.build() {
            Ok(_) => String::new(),
            Err(err) => err.to_string(),
        }
    }
}

/// Adds a text to a file of the good book. That makes one problem, which begins
/// with `expected`.
#[track_caller]
pub fn one_problem(file: &str, added: &str, expected: &str) {
    let fixture = Fixture::new();
    match fixture.tree().join(file).exists() {
        true => fixture.append(file, added),
        false => fixture.write(file, added),
    }
    let problems = fixture.problems();
    assert!(
        problems.starts_with(expected) && problems.lines().count() == 1,
        "expected: {expected}\n     got: {problems}"
    );
}

/// The same for the second page, whose line 12 is the first line of the text.
#[track_caller]
pub fn one_problem_on_a_page(added: &str, expected: &str) {
    one_problem(
        "book/src/second.md",
        &format!("\n{added}\n"),
        &format!("book/src/second.md:{expected}"),
    );
}
