#!/usr/bin/env bash
# Fuzzes every target for a minute, or for the seconds given, two at a time; or
# only compiles them.
#
#     tests/fuzz/run.sh [seconds | build]
#
# Needs a C++ compiler, for libFuzzer, and editcap, which comes with Wireshark;
# tests/run.sh installs both. Where there is no cargo-fuzz, it is installed below
# target/, so that nothing outside this tree changes.
set -euo pipefail
cd "$(dirname "$0")/../.."

export SECONDS_EACH=${1:-60}
# Stable Rust has no sanitizers. Safe code needs none: here a fault is a panic.
export OPTIONS="--fuzz-dir tests/fuzz --target-dir target/fuzz --sanitizer none"
SEEDS=target/fuzz/seeds

for program in c++ editcap; do
    if ! command -v $program >/dev/null; then
        echo "fuzzing needs $program; tests/run.sh installs it, or says what to install"
        exit 1
    fi
done
PATH="$PATH:$PWD/target/tools/bin"
if ! command -v cargo-fuzz >/dev/null; then
    echo "+ cargo install cargo-fuzz, into target/tools"
    cargo install cargo-fuzz --version 0.13.1 --locked --quiet --root target/tools
fi

# shellcheck disable=SC2086
cargo fuzz build $OPTIONS
if [ "$SECONDS_EACH" = build ]; then
    exit
fi

# Each packet of the reference captures in a file of its own: editcap writes
# captures of one packet, and 40 bytes of headers come off (a classic pcap's 24,
# a record's 16).
rm -rf $SEEDS
mkdir -p $SEEDS/pcap
for capture in captures/*/*.pcap; do
    name=${capture#captures/}
    editcap -F pcap -c 1 "$capture" "$SEEDS/pcap/${name/\//-}"
done
for capture in $SEEDS/pcap/*; do
    tail -c +41 "$capture" >"$SEEDS/${capture##*/}"
done
rm -r $SEEDS/pcap

# Fuzzes one target, beginning with the inputs in this folder, and with what any
# of them once failed at. 4096 bytes hold a few packets, or a block and the text
# around it; long inputs cost time and lead nowhere new.
fuzz() {
    local target=$1 seeds=$2
    local corpus=tests/fuzz/corpus/$target log=target/fuzz/$target.log
    mkdir -p "$corpus"
    # shellcheck disable=SC2086
    if cargo fuzz run $OPTIONS "$target" "$corpus" "$seeds" tests/fuzz/found -- \
        -max_total_time="$SECONDS_EACH" -max_len=4096 -timeout=10 >"$log" 2>&1; then
        # #710212 DONE   cov: 660 ft: 1754 corp: 419/86Kb lim: 4096 exec/s: 64564 rss: 41Mb
        echo "$target: no fault; $(sed -n \
            's/^#\([0-9]*\).*DONE.*cov: \([0-9]*\).*exec.s: \([0-9]*\).*/\1 inputs, \3 a second, reached \2 edges/p' \
            "$log")"
        return
    fi
    local input
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    if [ -z "$input" ]; then
        echo "$target: it could not be fuzzed"
        tail -n 20 "$log"
        return 1
    fi
    echo "$target: a fault"
    grep -a -m 1 -A 3 'panicked at\|ERROR: libFuzzer' "$log" | cut -c -200 | sed 's/^/    /'
    echo "  the whole story: $log"
    echo "  the input:       $input"
    echo "  to see it again: mkdir -p tests/fuzz/found/$target &&" \
        "cp $input tests/fuzz/found/$target/ && cargo test --test fuzz"
    return 1
}
export -f fuzz

echo "fuzzing packet, capture, validate, mtu, offload and transcript, $SECONDS_EACH seconds each"
# xargs, because Ctrl-C then ends them all.
xargs -P 2 -n 2 bash -c 'fuzz "$@"' fuzz <<END || exit 1
packet $SEEDS
capture captures
validate $SEEDS
mtu $SEEDS
offload $SEEDS
transcript book/src
END
