//! Each step speaks the language of chapter 6, and so with each other.

use support::{Lab, apply, number, test_in_lab};

use super::{INNER_V4, INNER_V6, STEPS, both_ways, ends};
use crate::ch09::{V4, V6};

#[apply(test_in_lab)]
fn every_step_with_every_other() {
    let lab = Lab::up_without_captures();
    for (nth, one) in STEPS.iter().enumerate() {
        for other in &STEPS[nth..] {
            let program = |step| format!("ch11 --fast {step}");
            let ends = ends(&lab, V4, &program(one), &program(other));
            both_ways(&lab, &[INNER_V4], 200_000);
            for end in ends {
                end.stop().code(0).says(", 0 dropped");
            }
        }
    }
}

#[apply(test_in_lab)]
fn every_step_with_chapter_6() {
    let lab = Lab::up_without_captures();
    for step in STEPS {
        for threads in [1, 2] {
            let ch11 = format!("ch11 --fast {step} --threads {threads}");
            let ends = ends(&lab, V4, &ch11, "ch06 --mtu 1472");
            both_ways(&lab, &[INNER_V4], 200_000);
            for end in ends {
                end.stop().code(0).says(", 0 dropped");
            }
        }
    }
}

#[apply(test_in_lab)]
fn either_family_in_either() {
    for outer in [V4, V6] {
        for right in ["ch11", "ch06 --mtu 1452"] {
            let lab = Lab::up_with_ipv6();
            let ends = ends(&lab, outer, "ch11", right);
            both_ways(&lab, &[INNER_V4, INNER_V6], 2_000_000);
            for end in ends {
                end.stop().code(0).says(", 0 dropped");
            }
        }
    }
}

/// Else it would be no faster. The steps before have a call for each packet, at least on the
/// way to tun0.
#[apply(test_in_lab)]
fn with_offload_there_are_fewer_calls_than_packets() {
    let lab = Lab::up_without_captures();
    let [left, right] = ends(&lab, V4, "ch11", "ch11");
    both_ways(&lab, &[INNER_V4], 5_000_000);
    for end in [left, right] {
        let said = end.stop().code(0).output.clone();
        for (packets, calls) in [
            (" out", " to read"),
            (" out", " to send"),
            (" in", " to write"),
        ] {
            let packets = match packets {
                " out" => number(&said, "packets: ", " ("),
                _ => number(&said, "out, ", " ("),
            };
            let before = match calls {
                " to read" => "system calls: ",
                " to send" => "to read, ",
                _ => "to receive, ",
            };
            // Half of the packets are acknowledgements, each alone.
            let calls = number(&said, before, calls);
            assert!(calls < packets * 3 / 4, "{said}");
        }
    }
}

/// tun0 and socket are asked what they can, and the answer is used or said.
#[apply(test_in_lab)]
fn memory_stays_small() {
    let lab = Lab::up_without_captures();
    let [left, right] = ends(&lab, V4, "ch11", "ch11");
    both_ways(&lab, &[INNER_V4], 20_000_000);
    let peak = "sh -c 'grep VmHWM /proc/$(pgrep -x ch11 | head -n 1)/status'";
    for host in ["left", "right"] {
        let said = lab.run(host, peak).code(0).output.clone();
        let kilobytes = said.split_whitespace().nth(1).unwrap().parse::<u64>();
        assert!(kilobytes.unwrap() < 20_000, "{host}: {said}");
    }
    left.stop().code(0);
    right.stop().code(0);
}
