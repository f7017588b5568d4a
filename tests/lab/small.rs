//! The tunnel of thirty lines, `tests/peers/small.rs`: the answer to the challenge
//! of "What you have built", with the checks of that page.

use std::fs;

use support::{Lab, PING, apply, eventually, temporary, test_in_lab};

#[apply(test_in_lab)]
#[needs(PING)]
fn thirty_lines_are_a_tunnel() {
    let folder = temporary("small");
    let small = folder.join("small");
    fs::copy(env!("CARGO_BIN_EXE_small"), &small).unwrap();

    let lab = Lab::up();
    let right = "ch06 --addr 192.168.0.2/24 --peer 198.51.100.2:9876";
    let right = lab.start_on("right", right);
    let server = lab.start_on("right", "serve --listen 192.168.0.2:80");
    let left = support::Program::start(&mut lab.on("left", &small.display().to_string()));
    eventually("a route into tun0", || {
        let route = lab.run("left", "ip route get 192.168.0.2");
        route.output.contains("dev tun0")
    });

    let answered = || {
        let ping = "ping -c 1 -i 0.2 -w 5 192.168.0.2";
        lab.run("left", ping).code(0).says(" 1 received");
    };
    answered();
    lab.run("left", "fetch http://192.168.0.2/")
        .code(0)
        .says("<h1>Hello from the other end</h1>");
    lab.run("internet", "attack port 198.51.100.2:9876").code(0);
    answered();

    left.stop();
    server.stop();
    right.stop().code(0);
    fs::remove_dir_all(folder).unwrap();
}
