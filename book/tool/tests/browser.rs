//! The finished book in a browser, as a reader has it.
//!
//! The book is built in a temporary tree, with a page more that has a figure of
//! every kind. Without Chromium these tests are *ignored*, and say what to
//! install; with REQUIRE_ALL=1 they fail then, so that CI cannot pass by skipping.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use headless_chrome::protocol::cdp::Emulation::{
    SetDeviceMetricsOverride, SetScriptExecutionDisabled,
};
use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::{Browser, LaunchOptions, Tab};
use lab::programs;
use libtest_mimic::{Arguments, Failed, Trial};
use tempfile::TempDir;
use walkdir::WalkDir;

const FIGURES: &str = r#"# Figures of every kind

{{#packet captures/ch06/left-eth0.pcap 1 "ICMP echo request"}}

{{#packet captures/ch06/left-eth0.pcap 13 "fragment" highlight="IPv4.flags"}}

{{#packet captures/ch01/left-tun0.pcap 1 "router solicitation"}}

{{#packets captures/ch06/all.pcapng 1..12 mark=3}}

{{#packets captures/ch06/left-eth0.pcap 1..}}

{{#journey captures/ch06/all.pcapng 6 "HTTP GET"}}

{{#sizes captures/ch06/left-eth0.pcap 1 "ICMP echo request"}}

A length of {{#value captures/ch06/left-eth0.pcap 1 "ICMP echo request" length}} bytes: encapsulation.
"#;

type Test = fn(&Book) -> anyhow::Result<()>;

const TESTS: &[(&str, Test)] = &[
    ("from chapter to chapter, and by the sidebar", navigation),
    ("search finds encapsulation", search),
    (
        "a field says its name on focus, and arrow keys walk on",
        focus,
    ),
    ("a field says its name under the pointer", pointer),
    ("no page has errors", no_errors),
    ("no page is wider than a phone", phone),
    ("a line of code that does not fit goes on below", code),
    ("figures do without JavaScript", no_script),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // One browser, in which only one page at a time has the focus.
    arguments.test_threads = Some(1);
    let chromium = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(program);
    let require_all = std::env::var_os("REQUIRE_ALL").is_some();
    let book: Arc<OnceLock<Result<Book, String>>> = Arc::default();
    let trial = |(name, test): &(&'static str, Test)| {
        let (test, book) = (*test, Arc::clone(&book));
        let Some(chromium) = chromium.clone() else {
            let lacking = "needs chromium; sudo apt-get install chromium";
            return Trial::test(*name, move || Err(lacking.into()))
                .with_kind(lacking)
                .with_ignored_flag(!require_all);
        };
        Trial::test(*name, move || {
            let open = || Book::open(&chromium).map_err(|why| format!("{why:#}"));
            let book = book.get_or_init(open).as_ref();
            test(book.map_err(Failed::from)?).map_err(|why| format!("{why:#}").into())
        })
    };
    let trials = TESTS.iter().map(trial).collect();
    let code = libtest_mimic::run(&arguments, trials).exit_code();
    // The last one, so that the browser ends and the folder goes.
    drop(book);
    code
}

/// Where a program is.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places.find(|place| place.is_file())
}

/// A finished book, and a browser to read it with.
struct Book {
    browser: Browser,
    folder: PathBuf,
    _tree: TempDir,
}

impl Book {
    fn open(chromium: &Path) -> anyhow::Result<Book> {
        let tree = tree()?;
        // A draft: the page of figures uses none of the anchors.
        let folder = book_tool::build::build(tree.path(), true)?.folder;
        let options = LaunchOptions::default_builder()
            .path(Some(chromium.to_owned()))
            // Chromium refuses root its sandbox; the pages here are our own.
            .sandbox(!nix::unistd::geteuid().is_root())
            .window_size(Some((1280, 900)))
            .idle_browser_timeout(Duration::from_secs(60))
            .build()?;
        Ok(Book {
            browser: Browser::new(options).context("cannot start Chromium")?,
            folder,
            _tree: tree,
        })
    }

    fn tab(&self) -> anyhow::Result<Arc<Tab>> {
        let tab = self.browser.new_tab()?;
        tab.set_default_timeout(Duration::from_secs(30));
        Ok(tab)
    }

    fn address(&self, page: &str) -> String {
        format!("file://{}", self.folder.join(page).display())
    }

    /// A page of the book in a new tab.
    fn read(&self, page: &str) -> anyhow::Result<Arc<Tab>> {
        let tab = self.tab()?;
        self.go(&tab, page)?;
        Ok(tab)
    }

    fn go(&self, tab: &Tab, page: &str) -> anyhow::Result<()> {
        tab.navigate_to(&self.address(page))?
            .wait_until_navigated()?;
        Ok(())
    }

    /// All pages, source files as well.
    fn pages(&self) -> Vec<String> {
        let files = WalkDir::new(&self.folder).sort_by_file_name().into_iter();
        let names = files.filter_map(|file| {
            let path = file.ok()?.into_path();
            let name = path.strip_prefix(&self.folder).ok()?.to_str()?.to_owned();
            // A part of the sidebar, and no page.
            (name.ends_with(".html") && name != "toc.html").then_some(name)
        });
        names.collect()
    }
}

/// A tree like ours, with one page more in its book.
fn tree() -> anyhow::Result<TempDir> {
    let ours = programs::tree()?;
    let tree = tempfile::tempdir()?;
    for entry in fs::read_dir(&ours)? {
        let name = entry?.file_name();
        if name != "book" && name != "target" && name != ".git" {
            symlink(ours.join(&name), tree.path().join(&name))?;
        }
    }
    let (from, to) = (ours.join("book"), tree.path().join("book"));
    for entry in WalkDir::new(&from)
        .into_iter()
        .filter_entry(|it| it.file_name() != "tool")
    {
        let entry = entry?;
        let place = to.join(entry.path().strip_prefix(&from)?);
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(place)?,
            false => fs::copy(entry.path(), place).map(drop)?,
        }
    }
    symlink(from.join("tool"), to.join("tool"))?;
    let mut page = FIGURES.to_owned();
    for drawing in fs::read_dir(to.join("src/images"))? {
        let name = drawing?.path();
        let name = name
            .file_stem()
            .context("a drawing without a name")?
            .display()
            .to_string();
        page += &format!("\n{{{{#diagram {name} \"The drawing {name}\"}}}}\n");
    }
    fs::write(to.join("src/figures-of-every-kind.md"), page)?;
    let summary = fs::read_to_string(to.join("src/SUMMARY.md"))?;
    let line = "[Figures of every kind](figures-of-every-kind.md)";
    fs::write(to.join("src/SUMMARY.md"), format!("{summary}\n\n{line}\n"))?;
    Ok(tree)
}

/// The value of an expression in a page.
fn value(tab: &Tab, expression: &str) -> anyhow::Result<serde_json::Value> {
    let result = tab.evaluate(expression, false)?;
    Ok(result.value.unwrap_or_default())
}

fn text(tab: &Tab, expression: &str) -> anyhow::Result<String> {
    Ok(value(tab, expression)?.as_str().unwrap_or("").to_owned())
}

/// Waits until an expression is true in a page.
fn until(tab: &Tab, expression: &str) -> anyhow::Result<()> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        // In between two pages there is none to ask.
        if let Ok(value) = value(tab, expression)
            && value.as_bool() == Some(true)
        {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    bail!("it never came true on {}: {expression}", tab.get_url())
}

/// What the line below the bytes says.
const SAID: &str = "[...document.querySelectorAll('.dump .says')]
    .filter(it => getComputedStyle(it).display != 'none')
    .sort((one, two) => getComputedStyle(one).zIndex - getComputedStyle(two).zIndex)
    .filter(it => it.closest('form') == document.querySelector('.dump'))
    .map(it => it.innerText).pop() ?? ''";

const KINDS: &str = "figures-of-every-kind.html";

fn navigation(book: &Book) -> anyhow::Result<()> {
    let tab = book.read("index.html")?;
    let title = text(&tab, "document.querySelector('main h1').innerText")?;
    tab.wait_for_element(".nav-chapters.next")?;
    value(
        &tab,
        "document.querySelector('.nav-wide-wrapper .next').click()",
    )?;
    until(
        &tab,
        "!location.pathname.endsWith('index.html') && document.readyState == 'complete'",
    )?;
    let next = text(&tab, "document.querySelector('main h1').innerText")?;
    ensure!(title != next, "the next chapter is {next} again");

    until(
        &tab,
        "document.querySelectorAll('#mdbook-sidebar a').length > 3",
    )?;
    value(
        &tab,
        &format!("document.querySelector('#mdbook-sidebar a[href$=\"{KINDS}\"]').click()"),
    )?;
    until(
        &tab,
        "document.querySelector('main h1')?.innerText == 'Figures of every kind'",
    )
}

fn search(book: &Book) -> anyhow::Result<()> {
    let tab = book.read("index.html")?;
    tab.wait_for_element("#mdbook-search-toggle")?.click()?;
    tab.wait_for_element("#mdbook-searchbar")?.click()?;
    tab.type_str("encapsulation")?;
    until(
        &tab,
        "document.querySelectorAll('#mdbook-searchresults li').length > 0",
    )?;
    let found = text(
        &tab,
        "document.querySelector('#mdbook-searchresults').innerText",
    )?;
    ensure!(found.to_lowercase().contains("encapsulation"), "{found}");
    Ok(())
}

fn focus(book: &Book) -> anyhow::Result<()> {
    let tab = book.read(KINDS)?;
    ensure!(
        text(&tab, SAID)?.is_empty(),
        "something is said before anything is pointed at"
    );
    value(&tab, "document.querySelector('.dump input').focus()")?;
    let said = text(&tab, SAID)?;
    ensure!(
        said.contains("destination 02:00:00:00:01:01"),
        "it says {said:?}"
    );
    // To the right, which is elsewhere in a page the key for the next chapter.
    for _ in 0..2 {
        tab.press_key("ArrowRight")?;
    }
    until(&tab, &format!("({SAID}).includes('type 0x0800')"))?;
    ensure!(
        tab.get_url().ends_with(KINDS),
        "the arrow key left the page for {}",
        tab.get_url()
    );
    // One stop: the next one is behind all fields of this packet.
    tab.press_key("Tab")?;
    let stop = text(&tab, "document.activeElement.tagName")?;
    ensure!(stop == "SUMMARY", "the next stop is {stop}");
    // Enter sends a form; this one goes nowhere.
    value(&tab, "document.querySelector('.dump input').focus()")?;
    tab.press_key("Enter")?;
    sleep(Duration::from_millis(300));
    ensure!(
        tab.get_url().ends_with(KINDS),
        "Enter left the page for {}",
        tab.get_url()
    );
    Ok(())
}

fn pointer(book: &Book) -> anyhow::Result<()> {
    let tab = book.read(KINDS)?;
    let field = "[...document.querySelectorAll('.dump input')]
        .find(it => it.ariaLabel == 'inner IPv4: time to live 64').nextSibling";
    value(
        &tab,
        &format!("{field}.scrollIntoView({{block: 'center'}})"),
    )?;
    let place = text(
        &tab,
        &format!(
            "(() => {{ const at = {field}.getBoundingClientRect(); return `${{at.x + 4}} ${{at.y + 8}}`; }})()"
        ),
    )?;
    let (x, y) = place.split_once(' ').context("no place")?;
    let point = headless_chrome::browser::tab::point::Point {
        x: x.parse()?,
        y: y.parse()?,
    };
    tab.move_mouse_to_point(point)?;
    until(&tab, &format!("({SAID}).includes('time to live 64')"))?;
    // A tap stays when the finger is gone.
    tab.click_point(point)?;
    tab.move_mouse_to_point(headless_chrome::browser::tab::point::Point { x: 1.0, y: 1.0 })?;
    until(&tab, &format!("({SAID}).includes('time to live 64')"))
}

fn no_errors(book: &Book) -> anyhow::Result<()> {
    let tab = book.tab()?;
    tab.enable_log()?.enable_runtime()?;
    let errors: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&errors);
    tab.add_event_listener(Arc::new(move |event: &Event| {
        let what = match event {
            Event::LogEntryAdded(it) => format!("{:?}", it.params.entry),
            Event::RuntimeExceptionThrown(it) => format!("{:?}", it.params.exception_details),
            Event::RuntimeConsoleAPICalled(it) => format!("{:?}", it.params),
            _ => return,
        };
        if let Ok(mut errors) = heard.lock() {
            errors.push(what);
        }
    }))?;
    for page in book.pages() {
        book.go(&tab, &page)?;
        until(&tab, "document.readyState == 'complete'")?;
        let heard: Vec<String> = std::mem::take(
            &mut *errors
                .lock()
                .map_err(|_| anyhow::anyhow!("a listener died"))?,
        );
        ensure!(heard.is_empty(), "{page}: {}", heard.join("\n"));
    }
    Ok(())
}

/// Gives a page this width.
fn resize(tab: &Tab, width: u32) -> anyhow::Result<()> {
    tab.call_method(SetDeviceMetricsOverride {
        width,
        height: 740,
        device_scale_factor: 2.0,
        mobile: width < 600,
        scale: None,
        screen_width: None,
        screen_height: None,
        position_x: None,
        position_y: None,
        dont_set_visible_size: None,
        screen_orientation: None,
        viewport: None,
        display_feature: None,
        device_posture: None,
    })?;
    Ok(())
}

fn phone(book: &Book) -> anyhow::Result<()> {
    let tab = book.tab()?;
    resize(&tab, 360)?;
    // What scrolls in itself may be wide inside; everything else ends with the page.
    let wide = "(() => {
        const scrolls = it => it && (it.tagName != 'BODY' && it.tagName != 'MAIN'
            && /auto|scroll/.test(getComputedStyle(it).overflowX) && !it.matches('.content') || scrolls(it.parentElement));
        for (const it of document.querySelectorAll('details')) it.open = true;
        for (const it of document.querySelectorAll('main *, body.source *')) {
            const at = it.getBoundingClientRect();
            if (at.right > 361 && at.width > 0 && !scrolls(it)) {
                return it.outerHTML.slice(0, 200) + ' ends at ' + at.right;
            }
        }
        return document.documentElement.scrollWidth > 360 ? 'the page is ' + document.documentElement.scrollWidth : '';
    })()";
    for page in book.pages() {
        book.go(&tab, &page)?;
        let wide = text(&tab, wide)?;
        ensure!(wide.is_empty(), "{page} is wider than a phone: {wide}");
    }
    Ok(())
}

fn code(book: &Book) -> anyhow::Result<()> {
    let tab = book.tab()?;
    let cut = "(() => {
        for (const it of document.querySelectorAll('details')) it.open = true;
        for (const code of document.querySelectorAll('main pre > code')) {
            if (code.scrollWidth > code.clientWidth) return 'cut: ' + code.innerText;
            if (code.innerText != code.textContent) return 'a copy differs: ' + code.innerText;
        }
        return '';
    })()";
    // How many lines go on below, a bar beside them.
    let below = "[...document.querySelectorAll('main .listing .line, main .diff .line, main .console .line')]
        .filter(it => it.offsetHeight > 1.5 * parseFloat(getComputedStyle(it).lineHeight))
        .filter(it => parseFloat(getComputedStyle(it).paddingLeft) > 20).length";
    let widths = [360, 800, 1280];
    let mut lines = [0; 3];
    // Not the one page with all of them in it.
    let pages = book.pages().into_iter();
    for page in pages.filter(|page| !page.contains('/') && page != "print.html") {
        book.go(&tab, &page)?;
        until(&tab, "document.readyState == 'complete'")?;
        for (width, lines) in widths.into_iter().zip(&mut lines) {
            resize(&tab, width)?;
            // The new width and the fonts take a moment.
            if until(&tab, &format!("innerWidth == {width} && {cut} == ''")).is_err() {
                bail!("{page} at {width} pixels: {}", text(&tab, cut)?);
            }
            *lines += value(&tab, below)?.as_u64().unwrap_or(0);
        }
    }
    ensure!(
        lines.iter().all(|&lines| lines > 10),
        "{lines:?} lines go on below"
    );
    Ok(())
}

fn no_script(book: &Book) -> anyhow::Result<()> {
    let tab = book.tab()?;
    tab.call_method(SetScriptExecutionDisabled { value: true })?;
    book.go(&tab, KINDS)?;
    ensure!(
        value(&tab, "document.documentElement.classList.contains('js')")?.as_bool() == Some(false),
        "scripts run"
    );
    for (what, least) in [
        (".packet .hex .field", 20),
        (".packet details.fields", 5),
        (".packets tbody", 20),
        (".journey svg rect.layer", 20),
        (".sizes tr", 5),
        (".diagram svg text", 20),
    ] {
        let visible = format!(
            "[...document.querySelectorAll('{what}')].filter(it => it.getClientRects().length > 0).length"
        );
        let count = value(&tab, &visible)?.as_u64().unwrap_or(0);
        ensure!(count >= least, "{count} of {what} are seen");
    }
    value(&tab, "document.querySelector('.dump input').focus()")?;
    let said = text(&tab, SAID)?;
    ensure!(
        said.contains("destination 02:00:00:00:01:01"),
        "it says {said:?}"
    );
    Ok(())
}
