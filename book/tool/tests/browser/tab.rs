//! What a page in a browser's tab says of itself.

use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use headless_chrome::Tab;
use headless_chrome::protocol::cdp::Emulation::SetDeviceMetricsOverride;
use headless_chrome::protocol::cdp::types::Event;

/// The value of an expression in a page.
pub fn value(tab: &Tab, expression: &str) -> anyhow::Result<serde_json::Value> {
    let result = tab.evaluate(expression, false)?;
    Ok(result.value.unwrap_or_default())
}

/// The same, as text.
pub fn text(tab: &Tab, expression: &str) -> anyhow::Result<String> {
    Ok(value(tab, expression)?.as_str().unwrap_or("").to_owned())
}

/// Waits until an expression is true in a page.
pub fn until(tab: &Tab, expression: &str) -> anyhow::Result<()> {
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

/// Gives a page this width.
pub fn resize(tab: &Tab, width: u32) -> anyhow::Result<()> {
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

/// What is said in the console of a tab's pages.
pub struct Console(Arc<Mutex<Vec<String>>>);

impl Console {
    pub fn of(tab: &Tab) -> anyhow::Result<Console> {
        tab.enable_log()?.enable_runtime()?;
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&said);
        tab.add_event_listener(Arc::new(move |event: &Event| {
            let what = match event {
                Event::LogEntryAdded(event) => format!("{:?}", event.params.entry),
                Event::RuntimeExceptionThrown(event) => {
                    format!("{:?}", event.params.exception_details)
                }
                Event::RuntimeConsoleAPICalled(event) => format!("{:?}", event.params),
                _ => return,
            };
            if let Ok(mut said) = heard.lock() {
                said.push(what);
            }
        }))?;
        Ok(Console(said))
    }

    /// What was said since it was last taken.
    pub fn take(&self) -> anyhow::Result<String> {
        let mut said = self.0.lock().map_err(|_| anyhow!("a listener died"))?;
        Ok(std::mem::take(&mut *said).join("\n"))
    }
}
