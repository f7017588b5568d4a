//! Packets, names and files that would like to run something in the page.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use etherparse::PacketBuilder;
use ip_over_udp::capture::{Direction, LinkType, PcapNg};
use support::{CHROMIUM, apply, program, run, temporary, test_without_lab};

use crate::browser::Page;

/// What each of them would do.
const OWN: &str = "window.owned = true";

fn markup() -> Vec<String> {
    vec![
        format!("<script>{OWN}</script>"),
        format!("</script><script>{OWN}</script>"),
        format!("\"><img src=x onerror='{OWN}'>"),
        format!("'><svg onload='{OWN}'>"),
        format!("</template></style></title><script>{OWN}</script>"),
        format!("<!--<script>{OWN}//-->"),
        format!("]]>\u{2028}<script>{OWN}</script>\u{0}"),
        format!("javascript:{OWN}"),
        format!("${{{OWN}}}"),
    ]
}

/// A capture with markup in the names of interfaces and in all that packets carry.
fn capture() -> PathBuf {
    let folder = temporary("hostile");
    let name = "a '\"<img src=x onerror=window.owned=true>.pcapng";
    let mut file = PcapNg::create(&folder, name).unwrap();
    for (number, markup) in markup().iter().enumerate() {
        let interface = file.interface(markup, LinkType::Raw).unwrap();
        let line = format!("GET {markup} HTTP/1.1\r\nHost: {markup}\r\n\r\n");
        let packets = [PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
            .tcp(40_000, 80, 1, 1)
            .size(line.len())];
        assert!(packets[0] > 0);
        let mut tcp = Vec::new();
        PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
            .tcp(40_000, 80, 1, 1)
            .write(&mut tcp, line.as_bytes())
            .unwrap();
        let mut udp = Vec::new();
        PacketBuilder::ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
            .udp(9876, 9876)
            .write(&mut udp, markup.as_bytes())
            .unwrap();
        for (place, packet) in [tcp, udp, markup.clone().into_bytes(), vec![0xff; 40]]
            .iter()
            .enumerate()
        {
            let time = Duration::from_millis(10 * number as u64 + place as u64);
            let length = packet.len() as u32;
            file.write(interface, Direction::Out, time, length, packet)
                .unwrap();
        }
    }
    drop(file);
    folder.join(name)
}

fn page_of(capture: &std::path::Path) -> PathBuf {
    let page = capture.with_file_name("page.html");
    let mut view = support::as_user(program("view"));
    run(view.arg(capture).arg("--page").arg(&page)).code(0);
    page
}

#[apply(test_without_lab)]
#[needs(CHROMIUM)]
fn nothing_runs() {
    let file = page_of(&capture());
    let page = Page::open(&file);
    // Every packet is shown, at every interface.
    let packets = page.number("JSON.parse(document.querySelector('#data').textContent).at.length");
    assert_eq!(packets, 4 * markup().len() as u64);
    for interface in 0..markup().len() {
        page.run(&format!(
            "(() => {{ const select = document.querySelector('#choice select'); select.value = '{interface}';
            select.dispatchEvent(new Event('change')); }})()"
        ));
        for row in 1..=4 {
            page.run(&format!(
                "document.querySelector('#rows .pair:nth-child({row}) [data-packet]')?.click()"
            ));
        }
    }
    page.run(
        r#"(() => { const input = document.querySelector('#filter');
        input.value = '"<script>" <script>'; input.dispatchEvent(new Event('input')); })()"#,
    );
    let owned = page.text("`${window.owned} ${document.images.length} ${document.scripts.length}`");
    // Its own script, the data, and the one part of the packets.
    assert_eq!(owned, "undefined 0 3");
    page.has_no_problems();
}

/// And if markup came into the page all the same, its policy would stop it.
#[apply(test_without_lab)]
#[needs(CHROMIUM)]
fn the_policy_stops_what_is_not_escaped() {
    let file = page_of(&capture());
    let text = fs::read_to_string(&file).unwrap();
    let injected = format!(
        "<main><script>{OWN}</script><img src='x.png' onerror='{OWN}'><style>body {{ color: red }}</style>\
         <a id=link href='javascript:{OWN}'>x</a><iframe src='data:text/html,<script>parent.owned=1</script>'></iframe>"
    );
    assert_eq!(text.matches("<main>").count(), 1);
    fs::write(&file, text.replace("<main>", &injected)).unwrap();
    let page = Page::open(&file);
    page.run("document.querySelector('#link').click()");
    page.until("problems.length >= 4");
    assert_eq!(page.text("`${window.owned}`"), "undefined");
    let problems = page.problems();
    for directive in ["script-src-elem", "img-src", "style-src-elem", "frame-src"] {
        assert!(problems.contains(directive), "{problems}");
    }
}
