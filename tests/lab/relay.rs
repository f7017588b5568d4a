//! The relay, as others see it: `ping`, the captures of its two sides, the kernel.

use support::{Lab, PING, apply, number, test_in_lab};

const PINGS: &str = "ping -q -c 200 -i 0.002 -W 0.5 203.0.113.2";

/// The sequence numbers of the requests that arrived behind the relay.
fn arrived(lab: &Lab) -> Vec<u64> {
    lab.settle();
    lab.captured("internet-right", "ICMP echo request", 1)
        .iter()
        .map(|packet| number(&packet.info(), "seq ", " ("))
        .collect()
}

#[apply(test_in_lab)]
#[needs(PING)]
fn the_same_seed_loses_the_same_packets() {
    let runs = [3, 3, 4].map(|seed| {
        let lab = Lab::up();
        let relay = lab.start_on("internet", &format!("relay --loss 10 --seed {seed}"));
        lab.run("left", PINGS).code(0);
        let arrived = arrived(&lab);
        let said = relay.stop().code(0).output.clone();
        let lost = number(&said, "left to right: 200 packets, ", " lost");
        assert_eq!(arrived.len() as u64, 200 - lost);
        arrived
    });
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[apply(test_in_lab)]
#[needs(PING)]
fn each_fault_is_seen_by_others() {
    let lab = Lab::up_with_ipv6();
    let with = |faults: &str, ping: &str| {
        let relay = lab.start_on("internet", &format!("relay {faults}"));
        let ping = lab.run("left", ping);
        relay.stop().code(0);
        ping
    };
    let v6 = "ping -q -c 20 -i 0.01 -W 0.5 2001:db8:2::2";
    with("", "ping -c 1 203.0.113.2").says("ttl=63");
    with("", "ping -c 1 2001:db8:2::2").says("ttl=63");
    with("", "ping -c 1 -t 2 203.0.113.2").says("ttl=63");
    with("", "ping -c 1 -t 1 203.0.113.2").says("Time to live exceeded");
    with("--loss 100 --from left", v6).says(" 0 received");
    with("--loss 100 --from right", v6).says(" 0 received");
    // ping ends with the last reply, and does not see its duplicate.
    with("--duplicate 100 --from left", v6).says("+19 duplicates");
    with("--max-size 83", "ping -c 1 -W 0.5 203.0.113.2").says(" 0 received");
    with("--max-size 84", "ping -c 1 203.0.113.2").says(" 1 received");
    let large = "ping -c 1 -W 0.5 -s 2000";
    with("--no-fragments", &format!("{large} 203.0.113.2")).says(" 0 received");
    with("--no-fragments", &format!("{large} 2001:db8:2::2")).says(" 0 received");
    with("", &format!("{large} 203.0.113.2")).says(" 1 received");
    let slow = with("--delay 40 --from left", "ping -q -c 3 -i 0.01 203.0.113.2");
    let least: f64 = slow
        .output
        .split("= ")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(least >= 40.0, "{}", slow.output);
    // The kernel of right finds the flipped bit, in whatever field it is.
    let before = icmp_errors(&lab);
    with(
        "--corrupt 100 --from left",
        "ping -q -c 20 -i 0.01 -W 0.5 203.0.113.2",
    )
    .says(" 0 received");
    assert_eq!(icmp_errors(&lab), before + 20);
}

/// How many ICMP messages with a wrong checksum the kernel of right has received.
fn icmp_errors(lab: &Lab) -> u64 {
    let done = lab.run("right", "cat /proc/net/snmp");
    let mut icmp = done
        .output
        .lines()
        .filter(|line| line.starts_with("Icmp: "));
    let values = icmp.next_back().unwrap().split(' ').nth(3).unwrap();
    values.parse().unwrap()
}

#[apply(test_in_lab)]
#[needs(PING)]
fn packets_overtake_each_other() {
    let lab = Lab::up();
    let relay = lab.start_on("internet", "relay --reorder 10 --from left");
    lab.run("left", PINGS);
    relay.stop().code(0).says("overtaken");
    let order = arrived(&lab);
    assert!(order.windows(2).any(|pair| pair[0] > pair[1]), "{order:?}");
}

/// The router's own messages go on, and name the MTU of its routes.
#[apply(test_in_lab)]
#[needs(PING)]
fn the_routers_mtu_stays_in_force() {
    let lab = Lab::up();
    let relay = lab.start_on("internet", "relay");
    lab.run(
        "internet",
        "ip route add 203.0.113.2 dev right mtu lock 1400",
    )
    .code(0);
    lab.run("left", "ping -c 1 -W 1 -M do -s 1444 203.0.113.2")
        .says("Frag needed and DF set (mtu = 1400)");
    relay.stop().code(0);
}

/// Nothing of it is left, and a killed one is in nobody's way.
#[apply(test_in_lab)]
#[needs(PING)]
fn it_leaves_nothing_behind() {
    let lab = Lab::up_with_ipv6();
    let state = || {
        let state = "ip rule; ip -6 rule; ip route show table all; ip -6 route show table all; ls /sys/class/net";
        lab.run("internet", &format!("sh -c '{state}'")).output
    };
    let before = state();
    let relay = lab.start_on("internet", "relay");
    assert_ne!(state(), before);
    lab.run("internet", "relay")
        .code(1)
        .says("another relay runs on this host");
    relay.stop().code(0);
    assert_eq!(state(), before);

    let killed = lab.start_on("internet", "relay");
    killed.signal_child(nix::sys::signal::Signal::SIGKILL);
    killed.wait();
    lab.run("left", "ping -c 1 203.0.113.2").says(" 1 received");
    let again = lab.start_on("internet", "relay");
    lab.run("left", "ping -c 1 203.0.113.2").says(" 1 received");
    again.stop().code(0).says("left to right: 1 packets");
    assert_eq!(state(), before);
    lab.run("left", "relay")
        .code(1)
        .says("cargo lab shell internet");
    lab.run("internet", "relay --loss 101")
        .code(2)
        .says("a number from 0 to 100");
}
