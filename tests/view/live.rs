//! The page of a lab that runs: packets appear, and what the reader chose stays.

use support::{CHROMIUM, Lab, PING, Program, apply, lab, test_in_lab};

use crate::browser::Page;

#[apply(test_in_lab)]
#[needs(PING, CHROMIUM)]
fn packets_appear_and_what_was_chosen_stays() {
    let running = Lab::up();
    let mut view = lab();
    view.arg("--out")
        .arg(&running.base)
        .args(["view", "--live"]);
    let view = Program::start(&mut view).until("it ends with the lab");
    let printed = view.printed();
    let (_, rest) = printed.split_once("the page is ").unwrap();
    let (address, _) = rest.split_once(';').unwrap();

    // Nothing has passed yet.
    let page = Page::at(address, 1280);
    page.until("document.querySelector('#live').textContent.startsWith('A lab is running')");
    page.until("document.querySelector('main').innerText.includes('There are no packets')");
    running.run("left", "ping -c 2 -i 0.2 203.0.113.2").code(0);
    page.until("document.querySelector('#count')?.textContent === '8 packets'");

    // The reader chooses a packet, other lists and a filter; then more comes.
    page.run(
        "(() => { const [left, right] = document.querySelectorAll('#choice select');
        right.value = [...right.options].findIndex(option => option.textContent.startsWith('right eth0'));
        right.dispatchEvent(new Event('change'));
        const filter = document.querySelector('#filter'); filter.value = 'echo-reply';
        filter.dispatchEvent(new Event('input')); location.hash = 'right-eth0-2'; })()",
    );
    page.until("document.querySelector('#packet h2').textContent === 'Packet 2 of right eth0'");
    let count = "document.querySelector('#count').textContent";
    assert!(
        page.text(count).starts_with("4 of 8"),
        "{}",
        page.text(count)
    );
    running.run("right", "ping -c 1 198.51.100.2").code(0);
    page.until(&format!("{count}.startsWith('6 of 12')"));
    assert_eq!(page.chosen(), "Packet 2 of right eth0");
    assert_eq!(
        page.text("document.querySelector('#filter').value"),
        "echo-reply"
    );
    page.has_no_problems();

    // The end is told, and the page stays.
    drop(running);
    page.until("document.querySelector('#live').textContent.startsWith('The lab has ended')");
    assert_eq!(page.chosen(), "Packet 2 of right eth0");
    view.wait().code(0);
}
