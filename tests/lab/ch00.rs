//! Chapter 0: the journey of one packet.

use support::{apply, test_in_lab};

#[apply(test_in_lab)]
fn tells_the_journey_of_its_request() {
    let base = support::temporary("journey");
    let done = support::run(support::lab().arg("--out").arg(&base));
    done.code(0)
        .says("The journey of one packet: GET / HTTP/1.1");
    let hops = [
        "left tun0",
        "left eth0",
        "internet left",
        "internet right",
        "right eth0",
        "right tun0",
    ];
    let mut rest = done.output.as_str();
    for hop in hops {
        let at = rest.find(&format!("\n{hop}"));
        rest = &rest[at.unwrap_or_else(|| panic!("no {hop} in:\n{}", done.output)) + 1..];
    }
    done.says("added: Ethernet 14, IPv4 20, UDP 8")
        .says("198.51.100.2 > 203.0.113.2 [192.168.0.1 > 192.168.0.2]")
        .says("time to live 64, now 63")
        .says("removed: 42 bytes");
    readme_shows(&done.output);
    assert!(!done.output.contains('\x1b'), "no colours in a pipe");
    for line in done.output.lines() {
        assert!(
            line.chars().count() <= 80 || line.contains("ip-over-udp-test"),
            "too wide: {line}"
        );
    }
    std::fs::remove_dir_all(base).unwrap();
}

/// The README's first box has these lines, in this order, but for times and what
/// it leaves out.
#[track_caller]
fn readme_shows(output: &str) {
    let readme = std::fs::read_to_string(lab::programs::tree().unwrap().join("README.md"));
    let readme = readme.unwrap();
    let shown = readme.split("```").nth(1).unwrap();
    let mut printed = output.lines().map(without_times);
    let mut lines = shown.lines().filter(|line| !line.is_empty()).skip(2);
    assert!(lines.clone().count() > 20, "{shown}");
    let missing = lines
        .find(|line| *line != "[...]" && !printed.any(|printed| printed == without_times(line)));
    assert_eq!(missing, None, "in:\n{output}");
}

/// A line without spaces, and without the numbers before `µs` and `ms`.
fn without_times(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_unit = |at: usize| {
        let next = words.get(at + 1).map(|next| next.trim_end_matches(')'));
        matches!(next, Some("µs" | "ms"))
    };
    let kept = (0..words.len()).filter(|&at| !is_unit(at));
    kept.map(|at| words[at]).collect()
}
