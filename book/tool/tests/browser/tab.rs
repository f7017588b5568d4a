//! What a page in a browser's tab says of itself.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::bail;
use headless_chrome::Tab;

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
