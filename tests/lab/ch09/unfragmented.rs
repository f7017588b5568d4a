//! With its default MTU, the tunnel sends no outer fragment in a whole transfer.

use support::{Lab, Program, apply, test_in_lab};

use super::{Outer, V4, V6, ends, mtu, narrow_cable, narrow_path, outer_fragments, transfer};

const BYTES: u64 = 5_000_000;

#[apply(test_in_lab)]
fn over_ipv4() {
    no_outer_fragment(V4, |_| (), [1472, 1472]);
}

#[apply(test_in_lab)]
fn over_ipv6() {
    no_outer_fragment(V6, |_| (), [1452, 1452]);
}

#[apply(test_in_lab)]
fn over_ipv4_and_a_narrow_cable() {
    no_outer_fragment(V4, narrow_cable, [1472, 1372]);
}

#[apply(test_in_lab)]
fn over_ipv6_and_a_narrow_cable() {
    no_outer_fragment(V6, narrow_cable, [1452, 1352]);
}

#[apply(test_in_lab)]
fn over_ipv4_and_a_path_that_neither_end_knows() {
    let lab = no_outer_fragment(V4, narrow_path, [1472, 1472]);
    // TCP then told right.
    assert_eq!(mtu(&lab, "left", "tun0"), 1372);
}

#[apply(test_in_lab)]
fn over_ipv6_and_a_path_that_neither_end_knows() {
    let lab = no_outer_fragment(V6, narrow_path, [1452, 1452]);
    assert_eq!(mtu(&lab, "left", "tun0"), 1352);
}

/// Every byte arrives, both ways, and no outer packet is cut. Returns the lab, with the
/// tunnel in it.
#[track_caller]
fn no_outer_fragment(outer: Outer, path: fn(&Lab), defaults: [u32; 2]) -> LabWithEnds {
    let lab = Lab::up_with_ipv6();
    path(&lab);
    let ends = ends(&lab, outer, "", "");
    for (end, default) in ends.iter().zip(defaults) {
        let ready = end.printed();
        assert!(ready.contains(&format!("mtu {default}, up")), "{ready}");
    }
    transfer(&lab, "left", "right", BYTES);
    transfer(&lab, "right", "left", BYTES);
    assert_eq!(outer_fragments(&lab), 0);
    LabWithEnds { lab, _ends: ends }
}

struct LabWithEnds {
    lab: Lab,
    _ends: [Program; 2],
}

impl std::ops::Deref for LabWithEnds {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        &self.lab
    }
}
