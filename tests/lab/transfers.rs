//! A large transfer through a bad network: every byte arrives.

use std::time::Instant;

use support::{Lab, apply, number, test_in_lab};

const BYTES: u64 = 100_000_000;

/// The two ends of each tunnel.
const TUNNELS: [&str; 4] = ["ch08 --mtu 1400", "ch09", "ch10", "ch11"];

#[apply(test_in_lab)]
fn a_hundred_megabytes_arrive_through_loss_duplicates_and_reordering() {
    for tunnel in TUNNELS {
        let lab = Lab::up_without_captures();
        let left = format!("{tunnel} --addr 192.168.0.1/24 --peer 203.0.113.2:9876");
        let right = format!("{tunnel} --addr 192.168.0.2/24 --peer 198.51.100.2:9876");
        let left = lab.start_on("left", &left);
        let right = lab.start_on("right", &right);
        let server = lab.start_on("right", "serve --listen 0.0.0.0:80");
        let relay = "relay --loss 1 --duplicate 1 --reorder 2";
        let relay = lab.start_on("internet", relay);
        let sum = |host: &str, address: &str| {
            let url = format!("http://{address}/random/{BYTES}");
            // Without the line with the status.
            let hash = format!("sh -c 'fetch --timeout 600 {url} | tail -n +2 | sha256sum'");
            let mut done = support::Program::start(&mut lab.on(host, &hash));
            while done.is_running() {
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
            done.wait().code(0).output.clone()
        };
        let began = Instant::now();
        let through_the_tunnel = sum("left", "192.168.0.2");
        let took = began.elapsed();
        assert_eq!(through_the_tunnel, sum("right", "127.0.0.1"), "{tunnel}");
        let relay = relay.stop();
        let lost = number(&relay.code(0).output, "left to right: ", " lost");
        assert!(lost > 0, "{}", relay.output);
        if std::env::var_os("SHOW").is_some() {
            eprintln!("{tunnel}: {took:.1?}\n{}", relay.output);
        }
        for end in [left, right] {
            end.stop().code(0).says(", 0 dropped");
        }
        server.stop();
    }
}
