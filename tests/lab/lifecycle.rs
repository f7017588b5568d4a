//! The lab itself: what it gives, and that it leaves nothing behind.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ip_over_udp::capture;
use lab::programs;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{self, Lab, Program, as_user, lab, run, temporary};
use crate::{Need, PING, PRLIMIT, TSHARK, Test, UNSHARE};

pub const TESTS: &[Test] = &[
    Test {
        name: "lab: nothing is left after Ctrl-C",
        needs: &[Need::Lab],
        run: || nothing_is_left(|lab| send(lab.pid(), Signal::SIGINT)),
    },
    Test {
        name: "lab: nothing is left after SIGTERM",
        needs: &[Need::Lab],
        run: || nothing_is_left(|lab| send(lab.pid(), Signal::SIGTERM)),
    },
    Test {
        name: "lab: nothing is left after kill -9 of the outer process",
        needs: &[Need::Lab],
        run: || nothing_is_left(|lab| send(lab.pid(), Signal::SIGKILL)),
    },
    Test {
        name: "lab: nothing is left after kill -9 of the inner process",
        needs: &[Need::Lab],
        run: || nothing_is_left(|lab| send(inner_pid(lab), Signal::SIGKILL)),
    },
    Test {
        name: "lab: kill -9 of a program does not end the lab",
        needs: &[Need::Lab, PING],
        run: a_killed_program,
    },
    Test {
        name: "lab: two at once do not meet",
        needs: &[Need::Lab, PING],
        run: two_at_once,
    },
    Test {
        name: "lab: the remains of a killed lab are recognised",
        needs: &[Need::Lab],
        run: remains,
    },
    Test {
        name: "lab: the hosts have names, and settings of their own",
        needs: &[Need::Lab, PING],
        run: the_same_everywhere,
    },
    Test {
        name: "lab: the machine's own network cannot be reached",
        needs: &[Need::Lab],
        run: no_way_out,
    },
    Test {
        name: "lab: capture streams an interface to tshark",
        needs: &[Need::Lab, PING, TSHARK],
        run: live_capture,
    },
    Test {
        name: "lab: of a fast transfer, every packet is captured or counted",
        needs: &[Need::Lab],
        run: captured_or_counted,
    },
    Test {
        name: "lab: an ordinary user needs no more than programs and a folder",
        needs: &[Need::User, Need::Lab],
        run: ordinary_user,
    },
    Test {
        name: "lab: root can run it too",
        needs: &[Need::Root, Need::Lab],
        run: as_root,
    },
    Test {
        name: "lab: the doctor finds nothing wrong",
        needs: &[Need::Lab],
        run: doctor,
    },
    Test {
        name: "lab: a tree that is moved or copied plays its own book",
        needs: &[Need::Lab],
        run: moved_tree,
    },
    Test {
        name: "lab: a full disk is named, and not waited for",
        needs: &[Need::Lab, UNSHARE, PING],
        run: full_disk,
    },
    Test {
        name: "lab: too few processes are named, not ip",
        needs: &[Need::Lab, Need::User, PRLIMIT],
        run: few_processes,
    },
    Test {
        name: "lab: wrong words get a sentence",
        needs: &[],
        run: wrong_words,
    },
];

fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid as i32), signal).unwrap();
}

fn inner_pid(lab: &Lab) -> u32 {
    let running = fs::read_to_string(lab.folder().join("running")).unwrap();
    running.lines().next().unwrap().parse().unwrap()
}

/// The processes that have this in their command line.
pub fn processes(with: &str) -> BTreeSet<u32> {
    let numbers = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid = entry.unwrap().file_name().to_str()?.parse().ok()?;
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&line).contains(with).then_some(pid)
    });
    numbers.collect()
}

fn machine() -> (BTreeSet<String>, String) {
    let interfaces = fs::read_dir("/sys/class/net").unwrap();
    let interfaces = interfaces.map(|it| it.unwrap().file_name().into_string().unwrap());
    (
        interfaces.collect(),
        fs::read_to_string("/proc/mounts").unwrap(),
    )
}

pub fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_true() {
        assert!(Instant::now() < deadline, "{what}, even after ten seconds");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn nothing_is_left(end: fn(&Lab)) {
    let before = machine();
    let mut lab = Lab::up();
    let base = lab.base.display().to_string();
    let capture = lab.base.join("capture");
    let ch06 = format!(
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture {}",
        capture.display()
    );
    let ch06 = lab.start_on("left", &ch06);
    // A grandchild in a session of its own, deaf to everything but kill -9.
    let deaf = format!(
        "trap '' HUP INT TERM; setsid sh -c 'sleep 1000; : {base}' >/dev/null 2>&1 & echo started"
    );
    lab.run("left", &format!("sh -c \"{deaf}\" {base}"))
        .says("started");
    assert!(
        processes(&base).len() >= 4,
        "two of the lab, ch06, the sleeper"
    );

    end(&lab);
    eventually("processes are left", || {
        let left = processes(&base);
        left.is_empty() || left.iter().all(|&pid| zombie(pid))
    });
    drop(ch06.wait());
    lab.reap();
    eventually("processes are left", || processes(&base).is_empty());
    eventually("the file `running` is left", || {
        !lab.folder().join("running").exists()
    });
    eventually("the machine has changed", || machine() == before);

    // What was captured until then can be read.
    let all = capture::read(&lab.folder().join("all.pcapng")).unwrap();
    assert!(all.is_sorted_by_key(|packet| packet.time));
}

/// Dead, and waiting for its parent, this test, to ask for its exit code.
fn zombie(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat"));
    status.is_ok_and(|status| status.contains(") Z "))
}

fn a_killed_program() {
    let lab = Lab::up();
    let ch03 = lab.start_on("left", "ch03 --addr 192.168.0.1/24");
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    lab.run("left", "pkill -KILL ch03").code(0);
    ch03.wait();
    // Its device went with it.
    lab.run("left", "ip link show tun0")
        .code(1)
        .says("does not exist");
    let again = lab.start_on("left", "ch03 --addr 192.168.0.1/24");
    lab.run("left", "ping -c 1 192.168.0.2").code(0);
    again.stop().code(0);
}

fn two_at_once() {
    let (one, two) = (Lab::up(), Lab::up());
    let first = one.start_on("left", "ch03 --addr 192.168.0.1/24");
    two.run("left", "ip link show tun0").code(1);
    one.run("left", "ping -c 1 192.168.0.2").code(0);
    two.run("left", "ping -c 1 -W 1 192.168.0.2").code(1);
    first.stop().code(0);

    // The same folder: the second moves aside.
    let mut third = lab();
    third.arg("--out").arg(&one.base).arg("up");
    let third = Program::start(&mut third).until("captures:");
    assert!(one.base.join("up-2/running").exists());
    // A shell joins the one that was started last.
    one.run("left", "ch04 --peer 203.0.113.2:9876 x").code(0);
    eventually("nothing was captured in the second", || {
        one.base.join("up-2/left-eth0.pcap").exists()
    });
    assert!(!one.folder().join("left-eth0.pcap").exists());
    third.stop().code(130);
}

fn remains() {
    let base = temporary("remains");
    let folder = base.join("up");
    run(as_user("mkdir").arg(&folder)).code(0);
    fs::write(folder.join("running"), "1\nleft 3 4 5\n").unwrap();
    fs::write(folder.join(".made"), "left-eth0.pcap\n").unwrap();
    fs::write(folder.join("left-eth0.pcap"), "not a capture").unwrap();
    if let Some(user) = support::user() {
        let (uid, gid) = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
        for name in ["running", ".made", "left-eth0.pcap"] {
            std::os::unix::fs::chown(folder.join(name), uid, gid).unwrap();
        }
    }
    // Nobody to join: a lab of its own.
    let mut shell = lab();
    shell
        .arg("--out")
        .arg(&base)
        .args(["shell", "left", "--", "hostname"]);
    run(&mut shell).code(0).says("left");
    let mut capture = lab();
    capture
        .arg("--out")
        .arg(&base)
        .args(["capture", "left", "eth0"]);
    run(&mut capture)
        .code(1)
        .says("no lab is running")
        .says(&format!("cargo lab --out {} up", base.display()));
    let mut up = lab();
    up.arg("--out").arg(&base).arg("up");
    let up = Program::start(&mut up).until("Ctrl-C ends the lab");
    assert!(!folder.join("left-eth0.pcap").exists(), "cleared");
    up.stop().code(130);
    fs::remove_dir_all(base).unwrap();
}

fn the_same_everywhere() {
    let lab = Lab::up();
    for (host, address) in [
        ("left", "198.51.100.2"),
        ("internet", "198.51.100.1"),
        ("right", "203.0.113.2"),
    ] {
        lab.run(host, "hostname").says(host);
        lab.run(host, "ip -br address").says(address);
        lab.run(host, "cat /proc/sys/net/ipv4/tcp_congestion_control")
            .says("reno");
        lab.run(host, "cat /etc/resolv.conf")
            .says("The lab has no name server");
        lab.run(host, "env").says("LC_ALL=C.UTF-8").says("LAB_HOST");
        let sys = lab.run(host, "ls /sys/class/net");
        assert_eq!(
            sys.output.contains("right"),
            host == "internet",
            "{}",
            sys.output
        );
    }
    lab.run("left", "ping -c 1 right")
        .code(0)
        .says("203.0.113.2")
        .says("ttl=63");
    // No question about hardware addresses, no IPv6: only what was sent.
    let all = lab.captured("left-eth0", "", 2);
    let all: Vec<_> = all.iter().map(|packet| packet.info()).collect();
    assert!(all.iter().all(|line| line.contains("ICMP echo")), "{all:?}");
    // Fixed hardware addresses.
    lab.run("left", "ip link show eth0")
        .says("02:00:00:00:01:02");
    // Every checksum in a capture is right: none is left to a network card.
    lab.run("left", "ch04 --peer 203.0.113.2:9876 x").code(0);
    let udp = &lab.captured("left-eth0", "UDP", 1)[0];
    let ip = etherparse::SlicedPacket::from_ethernet(&udp.data).unwrap();
    let (Some(etherparse::NetSlice::Ipv4(v4)), Some(etherparse::TransportSlice::Udp(udp))) =
        (ip.net, ip.transport)
    else {
        panic!("not a datagram");
    };
    let right = udp
        .to_header()
        .calc_checksum_ipv4(&v4.header().to_header(), udp.payload());
    assert_eq!(right.unwrap(), udp.checksum());
}

fn no_way_out() {
    let lab = Lab::up();
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    lab.run("left", &format!("fetch http://127.0.0.1:{port}/"))
        .code(1)
        .says("cannot fetch");
    // No way from the router either: its only interfaces are its two cables.
    let links = lab.run("internet", "ip -br link").output;
    let names: Vec<_> = links
        .lines()
        .filter_map(|line| line.split(['@', ' ']).next())
        .collect();
    assert_eq!(names, ["lo", "left", "right"]);
    lab.run("internet", "ip route get 192.0.2.1")
        .says("unreachable");
}

fn live_capture() {
    let lab = Lab::up();
    let mut stream = support::lab();
    stream
        .arg("--out")
        .arg(&lab.base)
        .args(["capture", "left", "eth0"]);
    stream.stdout(Stdio::piped());
    let mut stream = stream.spawn().unwrap();
    let mut tshark = as_user("tshark");
    tshark.args([
        "-l",
        "-c",
        "2",
        "-i",
        "-",
        "-T",
        "fields",
        "-e",
        "icmp.type",
    ]);
    tshark.args(["-e", "frame.interface_name"]);
    tshark.stdin(stream.stdout.take().unwrap());
    let running = Program::start(&mut tshark).until("Capturing");
    drop(tshark); // it holds the other end of the stream
    std::thread::sleep(Duration::from_millis(300));
    lab.run("left", "ping -c 1 right").code(0);
    running.wait().code(0).says("8\teth0\n").says("0\teth0\n");
    // Nobody reads any more: the stream ends, and the lab goes on.
    eventually("the stream goes on", || {
        stream.try_wait().unwrap().is_some()
    });
    lab.run("left", "hostname").code(0);

    // And it ends with its lab.
    let mut stream = support::lab();
    stream
        .arg("--out")
        .arg(&lab.base)
        .args(["capture", "left", "eth0"]);
    stream.stdout(Stdio::piped());
    let mut stream = stream.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    drop(lab);
    eventually("the stream outlives its lab", || {
        stream.try_wait().unwrap().is_some()
    });
}

/// The kernel counts what an interface sends and receives; the capture of it
/// and the number of missed packets must add up to that.
fn captured_or_counted() {
    let mut lab = Lab::up();
    let server = lab.start_on("right", "serve");
    lab.run(
        "left",
        "sh -c 'fetch http://right/bytes/50000000 > /dev/null'",
    )
    .code(0);
    server.signal(Signal::SIGINT);
    lab.settle();
    let statistics = "cat /sys/class/net/eth0/statistics/rx_packets \
                      /sys/class/net/eth0/statistics/tx_packets";
    let counted = lab.run("left", statistics).output;
    let counted: usize = counted.lines().map(|it| it.parse::<usize>().unwrap()).sum();
    let said = lab.end();
    let captured = capture::read(&lab.folder().join("left-eth0.pcap"))
        .unwrap()
        .len();
    let missed = said
        .output
        .split(", ")
        .chain(said.output.split(": "))
        .find_map(|it| {
            it.split_once(" on left")
                .and_then(|it| it.0.parse::<usize>().ok())
        });
    let missed = missed.unwrap_or(0);
    assert!(counted > 25_000, "{counted}");
    assert_eq!(
        captured + missed,
        counted,
        "{captured} captured, {missed} missed"
    );
}

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

fn doctor() {
    let done = run(lab().arg("doctor"));
    done.code(0)
        .says("good     the file /dev/net/tun")
        .says("good     the program ip")
        .says("good     a network of our own, with a TUN device in it");
}

fn moved_tree() {
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

fn full_disk() {
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
        let arguments: Vec<_> = command.get_args().map(|it| it.to_str().unwrap()).collect();
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
fn few_processes() {
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

fn wrong_words() {
    run(lab().arg("77"))
        .code(1)
        .says("there is no chapter and no command \"77\"")
        .says("06");
    run(lab().arg("shel"))
        .code(1)
        .says("commands: up, shell, capture, compare, exercise, check, bless, doctor");
    run(lab().args(["03", "up"]))
        .code(1)
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
