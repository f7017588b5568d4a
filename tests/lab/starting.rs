//! What the lab's command needs, and what it says where that is missing.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use lab::programs;
use support::{
    PING, PRLIMIT, ROOT, UNSHARE, USER, apply, as_user, lab, run, temporary, test_in_lab,
    test_without_lab,
};

use crate::machine::machine;

#[apply(test_in_lab)]
#[needs(USER)]
fn ordinary_user() {
    let base = temporary("user");
    let mut first = lab();
    first.arg("--out").arg(&base);
    let done = run(&mut first);
    done.code(0).says("The journey of one packet");
    done.lacks("Predict").lacks("##");
    for entry in fs::read_dir(base.join("00")).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().uid(), support::uid(), "{entry:?}");
    }
    // In there this user is root, and outside still nobody special.
    let mut id = lab();
    id.arg("--out")
        .arg(&base)
        .args(["shell", "left", "--", "id", "-u"]);
    run(&mut id).code(0).says("0");
    let mut shadow = lab();
    shadow
        .arg("--out")
        .arg(&base)
        .args(["shell", "left", "--", "cat", "/etc/shadow"]);
    run(&mut shadow).code(1).says("Permission denied");

    // A folder that this user may not write to.
    let mut first = lab();
    first.args(["--out", "/usr"]);
    run(&mut first)
        .code(1)
        .says("cannot create /usr/00")
        .says("--out DIR");
    fs::remove_dir_all(base).unwrap();
}

#[apply(test_in_lab)]
#[needs(ROOT)]
fn as_root() {
    let base = temporary("root");
    let mut first = std::process::Command::new(programs::beside_this_one().unwrap().join("lab"));
    let bin = programs::beside_this_one().unwrap();
    first.arg("--bin-dir").arg(bin).arg("--out").arg(&base);
    let before = machine();
    run(&mut first).code(0).says("The journey of one packet");
    assert_eq!(machine(), before);
    fs::remove_dir_all(base).unwrap();
}

#[apply(test_in_lab)]
fn the_doctor_finds_nothing_wrong() {
    let done = run(lab().arg("doctor"));
    done.code(0)
        .says("good     the file /dev/net/tun")
        .says("good     the program ip")
        .says("good     a private network with a TUN device in it");
}

#[apply(test_in_lab)]
fn a_moved_tree_plays_its_own_book() {
    let base = temporary("tree");
    let tree = |name: &str, says: &str| {
        let tree = base.join(name);
        let make = format!(
            "mkdir -p {0}/chapters {0}/book/src; : >{0}/Cargo.toml",
            tree.display()
        );
        run(as_user("sh").args(["-c", &make])).code(0);
        let chapter = format!("```console\nleft$ echo {says}\n{says}\n```\n");
        fs::write(tree.join("book/src/ch05-one.md"), chapter).unwrap();
        tree
    };
    let plays = |folder: &Path, tree: &Path, says: &str| {
        let done = run(support::lab_without_book().arg("05").current_dir(folder));
        done.code(0).says(&format!("echo {says}\n{says}\n"));
        assert!(tree.join("target/lab/05/all.pcapng").exists(), "{tree:?}");
        fs::remove_dir_all(tree.join("target")).unwrap();
    };
    let (one, two) = (tree("one", "first"), tree("two", "second"));
    plays(&one, &one, "first");
    plays(&two, &two, "second");
    plays(&two.join("book/src"), &two, "second");
    let moved = base.join("three");
    fs::rename(&one, &moved).unwrap();
    plays(&moved, &moved, "first");
    if support::user().is_some() {
        // This lab's own file is in no tree either.
        let done = run(support::lab_without_book().arg("05").current_dir(&base));
        done.code(1)
            .says("is not in the source tree")
            .says("--bin-dir DIR --book DIR --out DIR");
    }
    fs::remove_dir_all(base).unwrap();
}

#[apply(test_in_lab)]
#[needs(UNSHARE, PING)]
fn a_full_disk_is_named() {
    let base = temporary("disk");
    let book = base.join("book");
    let chapter = "```console\n\
                   left$ dd if=/dev/zero of=fill bs=1k 2>&1 | tail -n 1 | cut -c 1-2\n\
                   dd\n\
                   left$ ch04 &\n\
                   listening on 0.0.0.0:9876\n\
                   left$ fg\n\
                   ch04\n\
                   ^C\n\
                   datagrams: 0 (0 bytes) echoed, 0 dropped\n\
                   ```\n";
    fs::create_dir(&book).unwrap();
    fs::write(book.join("ch20-full.md"), chapter).unwrap();
    let out = base.join("out");
    fs::create_dir(&out).unwrap();
    if let Some(user) = support::user() {
        std::os::unix::fs::chown(&out, Some(user.uid.as_raw()), None).unwrap();
    }
    let on_small_disk = |kilobytes: u32, words: &str| {
        let command = support::lab_without_book();
        let arguments: Vec<_> = command
            .get_args()
            .map(|word| word.to_str().unwrap())
            .collect();
        let script = format!(
            "mount -t tmpfs -o size={kilobytes}k none {out} && : >{out}/first &&
             {{ test {kilobytes} -gt 8 || cat /dev/zero 2>/dev/null >{out}/first; \
             exec {lab} {arguments} --out {out} --book {book} {words}; }}",
            out = out.display(),
            lab = command.get_program().to_str().unwrap(),
            arguments = arguments.join(" "),
            book = book.display()
        );
        run(as_user("unshare").args(["-Urm", "sh", "-c", &script]))
    };
    let full = "No space left on device";
    for words in ["20", "check 20", "up"] {
        let done = on_small_disk(8, words);
        done.says(full)
            .says(&out.display().to_string())
            .lacks("waited");
        assert!(matches!(done.code, Some(1 | 2)), "{done:?}");
    }
    for words in ["20", "check 20"] {
        let done = on_small_disk(200, words);
        done.says(full)
            .says("make room")
            .says(&out.display().to_string());
        done.lacks("waited").lacks("expected:");
        assert!(matches!(done.code, Some(1 | 2)), "{done:?}");
    }
    fs::remove_dir_all(base).unwrap();
}

/// The limit is for all processes of a user, and other tests have some; so which
/// step fails is not certain.
#[apply(test_in_lab)]
#[needs(USER, PRLIMIT)]
fn too_few_processes_are_named() {
    let base = temporary("processes");
    for limit in 1..4 {
        let lab = lab();
        let mut limited = as_user("prlimit");
        limited
            .arg(format!("--nproc={limit}"))
            .arg(lab.get_program());
        limited
            .args(lab.get_args())
            .arg("--out")
            .arg(&base)
            .arg("04");
        let done = run(&mut limited);
        done.code(1)
            .says("Resource temporarily unavailable")
            .says("ulimit -u")
            .lacks("install");
    }
    fs::remove_dir_all(base).unwrap();
}

#[apply(test_without_lab)]
fn wrong_words_get_a_sentence() {
    run(lab().arg("77"))
        .code(1)
        .says("there is no chapter and no command \"77\"")
        .says("06");
    run(lab().arg("shel"))
        .code(1)
        .says("commands: up, shell, capture, compare, view, exercise, check, bless, bench, doctor");
    run(lab().args(["03", "up"]))
        .code(1)
        .says("a chapter and a command at once");
    // Where 1 means a difference, 2 is an error.
    run(lab().args(["03", "check", "04"]))
        .code(2)
        .says("a chapter and a command at once");
    run(lab().args(["shell", "middle"]))
        .code(2)
        .says("left, internet, right");
    run(as_user(support::program("lab")).args(["--bin-dir", "/nowhere", "up"]))
        .code(1)
        .says("cannot find the folder /nowhere");
    run(lab().arg("--help"))
        .code(0)
        .says("cargo lab shell left")
        .says("target/lab");
}
