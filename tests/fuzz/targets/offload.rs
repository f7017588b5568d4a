//! What chapter 11 does to packets of either side: any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::offload(bytes));
