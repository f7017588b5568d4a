//! What chapter 9 does to a packet: any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::mtu(bytes));
