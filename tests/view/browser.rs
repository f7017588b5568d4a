//! The page in Chromium.

#[path = "../../book/tool/tests/browser/tab.rs"]
pub mod tab;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use headless_chrome::protocol::cdp::Page::AddScriptToEvaluateOnNewDocument;
use headless_chrome::{Browser, LaunchOptions, Tab};

/// A page in a browser of its own, which ends with it.
pub struct Page {
    pub tab: Arc<Tab>,
    console: tab::Console,
    _browser: Browser,
}

/// Notes what goes wrong. What is set through the browser, the page cannot forbid.
const WATCH: &str = "window.problems = [];
    addEventListener('error', event => problems.push(event.message));
    addEventListener('unhandledrejection', event => problems.push(`${event.reason}`));
    addEventListener('securitypolicyviolation', event =>
        problems.push(`${event.violatedDirective}: ${event.blockedURI}`));";

impl Page {
    /// Opens a file, and waits until its script has shown a packet.
    pub fn open(file: &Path) -> Page {
        let page = Page::of(file, 1280);
        page.until("document.querySelector('#packet h2') !== null");
        page
    }

    /// Opens a file in a window of this width, and does not wait.
    pub fn of(file: &Path, width: u32) -> Page {
        Page::at(&format!("file://{}", file.display()), width)
    }

    /// Opens an address.
    pub fn at(address: &str, width: u32) -> Page {
        let chromium = ["chromium", "chromium-browser", "google-chrome"];
        let places = std::env::var_os("PATH").unwrap();
        let found = chromium.iter().find_map(|name| {
            let mut places = std::env::split_paths(&places).map(|folder| folder.join(name));
            places.find(|place| place.is_file())
        });
        let options = LaunchOptions::default_builder()
            .path(found)
            // Chromium refuses root its sandbox; the pages here are our own.
            .sandbox(!support::is_root())
            .window_size(Some((width, 900)))
            .idle_browser_timeout(Duration::from_secs(120))
            .build()
            .unwrap();
        let browser = Browser::new(options).unwrap();
        let tab = browser.new_tab().unwrap();
        tab.set_default_timeout(Duration::from_secs(30));
        let page = Page {
            console: tab::Console::of(&tab).unwrap(),
            tab,
            _browser: browser,
        };
        let watch = AddScriptToEvaluateOnNewDocument {
            source: WATCH.to_owned(),
            world_name: None,
            include_command_line_api: None,
            run_immediately: None,
        };
        page.tab.call_method(watch).unwrap();
        page.go(address);
        page
    }

    /// Loads another page.
    pub fn go(&self, address: &str) {
        let tab = self.tab.navigate_to(address).unwrap();
        tab.wait_until_navigated().unwrap();
    }

    /// Goes to a packet by its address, `left-tun0-3`.
    pub fn go_to_packet(&self, place: &str, shown: &str) {
        self.run(&format!("location.hash = '{place}'"));
        self.until(&format!(
            "document.querySelector('#packet h2')?.textContent === '{shown}'"
        ));
    }

    pub fn text(&self, expression: &str) -> String {
        tab::text(&self.tab, expression).unwrap()
    }

    pub fn number(&self, expression: &str) -> u64 {
        let value = tab::value(&self.tab, expression).unwrap();
        value
            .as_f64()
            .unwrap_or_else(|| panic!("{expression} is {value}")) as u64
    }

    pub fn run(&self, expression: &str) {
        tab::value(&self.tab, expression).unwrap();
    }

    #[track_caller]
    pub fn until(&self, expression: &str) {
        if let Err(err) = tab::until(&self.tab, expression) {
            panic!(
                "{err}; problems: {}",
                self.text("(window.problems ?? ['none noted']).join('; ')")
            );
        }
    }

    pub fn press(&self, key: &str) {
        self.tab.press_key(key).unwrap();
    }

    pub fn click(&self, selector: &str) {
        self.tab.find_element(selector).unwrap().click().unwrap();
    }

    /// The heading of the packet that is shown.
    pub fn chosen(&self) -> String {
        self.text("document.querySelector('#packet h2')?.textContent ?? ''")
    }

    /// Its bytes, as the page shows them in hexadecimal.
    pub fn bytes(&self) -> Vec<u8> {
        let hex = self.text(
            "[...document.querySelectorAll('#packet .dump .hex .layer')].map(part => part.textContent).join('')",
        );
        let byte = |byte: &str| u8::from_str_radix(byte, 16).unwrap();
        hex.split_whitespace().map(byte).collect()
    }

    /// What has gone wrong so far.
    pub fn problems(&self) -> String {
        self.text("window.problems.join('; ')")
    }

    #[track_caller]
    pub fn has_no_problems(&self) {
        assert_eq!(self.problems(), "");
        assert_eq!(self.console.take().unwrap(), "");
    }
}
