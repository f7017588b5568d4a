//! Chapter 6: the whole tunnel. What must be true of every tunnel is in `tunnel`.

use ip_over_udp::capture::{self, Direction, LinkType};
use nix::sys::signal::Signal;
use support::{CURL, Lab, PING, WGET, apply, temporary, test_in_lab};

#[apply(test_in_lab)]
#[needs(CURL, WGET)]
fn a_page_comes_through() {
    let lab = Lab::up();
    let _left = lab.start_on("left", "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876");
    let _right = lab.start_on(
        "right",
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876",
    );
    let server = lab.start_on("right", "serve --listen 192.168.0.2:80");
    for client in ["fetch", "curl -sS", "wget -q -O -"] {
        let done = lab.run("left", &format!("{client} http://192.168.0.2/"));
        done.code(0).says("<h1>Hello from the other end</h1>");
    }
    let done = lab.run("left", "fetch http://192.168.0.2/bytes/100000");
    assert_eq!(
        done.output.lines().skip(1).collect::<String>().len(),
        93_750
    );
    lab.run("left", "fetch http://192.168.0.2/nothing")
        .says("404");
    lab.run("left", "fetch http://192.168.0.2:81/")
        .code(1)
        .says("cannot fetch");
    lab.run("left", "fetch --timeout 1 http://192.168.0.9/")
        .code(1)
        .says("not complete after 1 s (--timeout)");
    server.signal(Signal::SIGINT);
}

#[apply(test_in_lab)]
#[needs(PING)]
fn a_full_packet_leaves_as_two_fragments() {
    let lab = Lab::up();
    let folder = temporary("capture");
    let left = format!(
        "ch06 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --capture {}",
        folder.display()
    );
    let left = lab.start_on("left", &left);
    let right = lab.start_on(
        "right",
        "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876",
    );
    lab.run("left", "ping -c 1 -s 1472 192.168.0.2").code(0);
    let pieces = lab.captured("left-eth0", "198.51.100.2 > 203.0.113.2 fragment", 2);
    assert_eq!(
        pieces.iter().map(|piece| piece.length).collect::<Vec<_>>(),
        [1514, 62]
    );
    let done = left.stop();
    done.says("packets: 1 (1500 bytes) out, 1 (1500 bytes) in, 0 dropped")
        .code(0);
    right.stop().code(0);

    // The program's own capture: two interfaces, each with its name, its link
    // type, and directions.
    let both = capture::read(&folder.join("both.pcapng")).unwrap();
    let of = |name| both.iter().filter(move |packet| packet.interface == name);
    assert_eq!(of("tun0").count(), 2);
    assert_eq!(of("eth0").count(), 4);
    assert!(of("tun0").all(|packet| packet.link == LinkType::Raw));
    assert!(of("eth0").all(|packet| packet.link == LinkType::Ethernet));
    let directions: Vec<_> = of("tun0").map(|packet| packet.direction).collect();
    assert_eq!(directions, [Some(Direction::Out), Some(Direction::In)]);
    for name in ["tun0", "eth0"] {
        let alone = capture::read(&folder.join(format!("{name}.pcap"))).unwrap();
        let together: Vec<_> = of(name).map(|packet| (packet.time, &packet.data)).collect();
        assert_eq!(
            alone
                .iter()
                .map(|packet| (packet.time, &packet.data))
                .collect::<Vec<_>>(),
            together
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}
