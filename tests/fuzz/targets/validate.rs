//! Validation: any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::validate(bytes));
