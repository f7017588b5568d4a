//! A network that damages packets in a way that only inner checksums can tell.

use support::{Lab, apply, test_in_lab};

use super::{INNER_V4, STEPS, both_ways, ends};
use crate::ch09::V4;

const DAMAGE: &str = "relay --corrupt 3 --undetected";

#[apply(test_in_lab)]
fn nothing_damaged_is_delivered() {
    let lab = Lab::up_without_captures();
    let relay = lab.start_on("internet", DAMAGE);
    for step in STEPS {
        let program = format!("ch11 --fast {step}");
        let [left, right] = ends(&lab, V4, &program, &program);
        both_ways(&lab, &[INNER_V4], 1_000_000);
        left.stop().code(0);
        right.stop().code(0);
    }
    lab.run("right", "nstat -asz TcpInCsumErrors")
        .code(0)
        .lacks("TcpInCsumErrors                 0 ");
    relay.stop().code(0).says("damaged");
}

/// What the verification is for.
#[apply(test_in_lab)]
fn without_verification_damage_is_delivered() {
    let lab = Lab::up_without_captures();
    let relay = lab.start_on("internet", DAMAGE);
    let [left, right] = ends(&lab, V4, "ch11", "ch11 --trust");
    let server = lab.start_on("left", "serve --listen 0.0.0.0:80");
    let sum = |host: &str, address: &str| {
        let url = format!("http://{address}/random/3000000");
        let fetch = format!("sh -c 'fetch --timeout 25 {url} | tail -n +2 | sha256sum'");
        lab.run(host, &fetch).code(0).output.clone()
    };
    assert_ne!(sum("right", "192.168.0.1"), sum("left", "127.0.0.1"));
    server.stop();
    left.stop().code(0);
    right.stop().code(0);
    relay.stop().code(0);
}

#[apply(test_in_lab)]
fn through_everything_at_once() {
    let lab = Lab::up_without_captures();
    let faults = "relay --loss 1 --duplicate 1 --reorder 2 --corrupt 1 --delay 1";
    for faults in [faults.to_owned(), format!("{faults} --undetected")] {
        let relay = lab.start_on("internet", &faults);
        let [left, right] = ends(&lab, V4, "ch11", "ch11");
        both_ways(&lab, &[INNER_V4], 2_000_000);
        left.stop().code(0);
        right.stop().code(0);
        relay.stop().code(0);
    }
}
