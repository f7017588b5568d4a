//! Captures of any kind, and none.

use std::fs;
use std::path::{Path, PathBuf};

use headless_chrome::protocol::cdp::Emulation::SetScriptExecutionDisabled;
use ip_over_udp::capture::{self, LinkType, Pcap};
use lab::programs;
use support::{
    CHROMIUM, Done, apply, as_user, chapters, program, run, temporary, test_without_lab,
};

use crate::browser::{Page, tab};

fn reference(chapter: &str) -> PathBuf {
    let tree = programs::tree().unwrap();
    tree.join("captures").join(format!("ch{chapter}"))
}

fn view(captures: &[&Path], page: &Path) -> Done {
    let mut view = as_user(program("view"));
    run(view.args(captures).arg("--page").arg(page))
}

#[apply(test_without_lab)]
fn the_page_of_a_chapter_is_below_a_megabyte() {
    let folder = temporary("view");
    for chapter in chapters() {
        let page = folder.join(format!("{chapter}.html"));
        view(&[&reference(&chapter).join("all.pcapng")], &page).code(0);
        let size = fs::metadata(&page).unwrap().len();
        assert!(size < 1_000_000, "chapter {chapter}: {size} bytes");
    }
}

#[apply(test_without_lab)]
#[needs(CHROMIUM)]
fn without_javascript() {
    let page = temporary("view").join("page.html");
    view(&[&reference("06").join("all.pcapng")], &page).code(0);
    let page_of_it = Page::of(&page, 1280);
    page_of_it
        .tab
        .call_method(SetScriptExecutionDisabled { value: true })
        .unwrap();
    page_of_it.go("about:blank");
    page_of_it.go(&format!("file://{}#left-tun0-3", page.display()));
    let text = page_of_it.text("document.querySelector('#left-tun0-3').innerText");
    assert!(
        text.contains("192.168.0.1") && text.contains("SYN"),
        "{text}"
    );
    // What only works with the script is not there to be tried.
    let hidden = "[...document.querySelectorAll('#choice, #lists')].every(part => part.getBoundingClientRect().height === 0)";
    page_of_it.until(hidden);
    page_of_it.until("document.querySelector('.map svg').getBoundingClientRect().height > 50");
}

#[apply(test_without_lab)]
#[needs(CHROMIUM)]
fn on_a_phone() {
    let page = temporary("view").join("page.html");
    view(&[&reference("06").join("all.pcapng")], &page).code(0);
    let page = Page::of(&page, 1280);
    tab::resize(&page.tab, 360).unwrap();
    page.until("document.querySelector('#packet h2') !== null");
    page.until("innerWidth === 360");
    let wide = page.number("document.documentElement.scrollWidth");
    assert!(wide <= 360, "the page is {wide} pixels wide");
    // Both packets of a pair can be read.
    page.until("document.querySelectorAll('#rows .pair:first-child .info')[1].getBoundingClientRect().width > 100");
    page.has_no_problems();
}

/// One packet, one interface, no direction; then none at all.
#[apply(test_without_lab)]
#[needs(CHROMIUM)]
fn small_ones() {
    let folder = temporary("small");
    let packet = &capture::read(&reference("01").join("left-tun0.pcap")).unwrap()[0];
    for (name, count) in [("one", 1), ("none", 0)] {
        let mut file = Pcap::create(&folder, name, LinkType::Raw).unwrap();
        for _ in 0..count {
            file.write(packet.time, packet.length, &packet.data)
                .unwrap();
        }
        drop(file);
        let page = folder.join(format!("{name}.html"));
        view(&[&folder.join(format!("{name}.pcap"))], &page).code(0);
        let page = Page::of(&page, 1280);
        match count {
            0 => page.until("document.querySelector('main').innerText.includes('There are no packets in this capture.')"),
            _ => page.until("document.querySelector('#packet h2')?.textContent === 'Packet 1 of one'"),
        }
        page.has_no_problems();
    }
}

/// A file that ends in the middle of a packet: what is whole is shown, and the page
/// says that it is not all.
#[apply(test_without_lab)]
#[needs(CHROMIUM)]
fn a_cut_file() {
    let folder = temporary("cut");
    let bytes = fs::read(reference("06").join("all.pcapng")).unwrap();
    let cut = folder.join("cut.pcapng");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let page = folder.join("page.html");
    view(&[&cut], &page).code(0);
    let page = Page::open(&page);
    page.until("document.querySelector('header').innerText.includes('it ends in the middle of')");
    page.has_no_problems();
}

#[apply(test_without_lab)]
fn what_cannot_be_opened() {
    let folder = temporary("none");
    let page = folder.join("page.html");
    fs::write(folder.join("text.pcap"), "GET / HTTP/1.1\r\n\r\n1234567890").unwrap();
    view(&[&folder.join("text.pcap")], &page)
        .code(1)
        .says("it is no capture");
    view(&[&folder.join("nothing.pcap")], &page)
        .code(1)
        .says("No such file");
    let empty = folder.join("empty");
    fs::create_dir(&empty).unwrap();
    view(&[&empty], &page)
        .code(1)
        .says("there are no captures in");
    // What is not ours is not overwritten.
    fs::write(&page, "<p>a page of somebody else").unwrap();
    view(&[&reference("01").join("all.pcapng")], &page)
        .code(1)
        .says("what is there is no page of cargo lab view\n  name another place with --page FILE");
    let one = reference("01").join("all.pcapng");
    view(&[&one], Path::new("/dev/full"))
        .code(1)
        .says("it is no file");
    view(&[&one], &folder.join("none/x.html"))
        .code(1)
        .says("No such file or directory");
}
