//! Zeros in the place of what differs in the middle of other bytes.

/// Blanks the values of timestamps and selective acknowledgements of TCP (RFC
/// 9293, section 3.2: a kind and, but for kinds 0 and 1, a length that counts
/// both).
pub fn options(mut options: &mut [u8]) {
    while let [kind, rest @ ..] = options {
        let length = match (*kind, rest.first()) {
            (1, _) => 1,
            (2.., Some(&length @ 2..)) => usize::from(length),
            _ => return, // the end, or nothing that can be read
        };
        let Some((option, after)) = options.split_at_mut_checked(length) else {
            return;
        };
        if matches!(option[0], 5 | 8) {
            option[2..].fill(0);
        }
        options = after;
    }
}

/// Blanks the date of an HTTP answer.
pub fn date(bytes: &mut [u8]) {
    let name = b"\r\nDate: ";
    if let Some(at) = bytes.windows(name.len()).position(|text| text == name) {
        let date = &mut bytes[at + name.len()..];
        let end = date.iter().position(|&byte| byte == b'\r');
        let end = end.unwrap_or(date.len());
        date[..end].fill(b'.');
    }
}
