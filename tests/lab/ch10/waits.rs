//! How long a ping waits while a transfer fills the path, which takes 10 Mbit/s.

use std::time::Duration;

use support::{Lab, PING, Program, apply, test_in_lab};

use super::{counter, ends};

/// The median and the 95th percentile, in ms, of the pings from left to right.
struct Waits {
    median: f64,
    p95: f64,
}

/// Plays a transfer from left to right, with pings beside it once it is under way.
fn under_load(left: &str, txqueuelen: u32) -> Waits {
    let lab = Lab::up_without_captures();
    // Room for 240 ms of packets.
    let relay = lab.start_on("internet", "relay --rate 10 --queue 300000");
    let [from, to] = ends(&lab, left, "ch10");
    let queue = format!("ip link set tun0 txqueuelen {txqueuelen}");
    lab.run("left", &queue).code(0);
    let server = lab.start_on("left", "serve --listen 0.0.0.0:80");
    let fetch = "sh -c 'fetch --timeout 20 http://192.168.0.1/bytes/900000000 | wc -c'";
    let fetch = Program::start(&mut lab.on("right", fetch));
    let received = || counter(&lab, "right", "tun0", "rx_bytes");
    while received() < 1_500_000 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ping = lab.run("left", "ping -i 0.02 -c 150 -W 2 192.168.0.2");
    fetch.stop();
    let (from, _) = (from.stop(), to.stop());
    server.stop();
    relay.stop();
    let times = ping.output.split("time=").skip(1);
    let mut times: Vec<f64> = times
        .map(|rest| rest.split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert!(times.len() > 75, "{}", ping.output);
    times.sort_by(f64::total_cmp);
    let waits = Waits {
        median: times[times.len() / 2],
        p95: times[times.len() * 95 / 100],
    };
    if std::env::var_os("SHOW").is_some() {
        eprintln!(
            "{left}, txqueuelen {txqueuelen}: median {} ms, p95 {} ms, {} of 150; {}",
            waits.median,
            waits.p95,
            times.len(),
            from.output.lines().last().unwrap()
        );
    }
    waits
}

/// A program that sends at once keeps its device empty, however long that queue may be:
/// packets wait at the slow place, in the relay.
#[apply(test_in_lab)]
#[needs(PING)]
fn the_queue_is_where_the_path_is_slow() {
    for txqueuelen in [50, 5000] {
        assert!(under_load("ch10", txqueuelen).median > 80.0);
    }
}

/// A tunnel that sends a little less than the path takes has the queue itself.
#[apply(test_in_lab)]
#[needs(PING)]
fn a_short_queue_and_codel_wait_less_than_a_long_one() {
    let device = "ch10 --rate 9.5 --queue device";
    let [short, long] = [50, 5000].map(|length| under_load(device, length));
    assert!(short.median < long.median / 2.0);
    let codel = under_load("ch10 --rate 9.5", 500);
    assert!(codel.p95 < long.p95 / 4.0);
    let short = under_load("ch10 --rate 9.5 --queue drop-tail --limit 20", 500);
    assert!(short.p95 < long.p95 / 4.0);
}
