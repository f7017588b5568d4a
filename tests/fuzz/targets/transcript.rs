//! The parser of a chapter's console blocks: any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::transcript(bytes));
