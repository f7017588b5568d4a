#!/usr/bin/env bash
# Runs all tests, and first sees to what they need.
#
# On Debian and Ubuntu it installs missing packages with apt-get; elsewhere it
# says which programs to install. What needs root it does through sudo, and
# prints the line before.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
    echo "+ $*"
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# A program, by any of its names, and the Debian package that has it.
needed="ip:iproute2 tc:iproute2 ping:iputils-ping tshark:tshark curl:curl wget:wget
        unshare:util-linux script:bsdutils pkill:procps cc:gcc c++:g++
        ethtool:ethtool dumpcap:wireshark-common socat:socat strace:strace python3:python3 openvpn:openvpn
        chromium|chromium-browser|google-chrome:chromium"
PATH="$PATH:/usr/sbin:/sbin"
missing=()
for pair in $needed; do
    names=${pair%:*}
    # One of several names is enough, for this shell's `command -v` too.
    # shellcheck disable=SC2086
    command -v ${names//|/ } >/dev/null || missing+=("${pair#*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
    if command -v apt-get >/dev/null; then
        as_root apt-get update -q
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends "${missing[@]}"
    else
        echo "the tests need programs that Debian has in these packages: ${missing[*]}"
        echo "install them with this system's package manager, and run tests/run.sh again"
        exit 1
    fi
fi

# The mode that udev gives it wherever udev runs.
if [ ! -e /dev/net/tun ]; then
    as_root modprobe tun
fi
if [ ! -r /dev/net/tun ] || [ ! -w /dev/net/tun ] || [ "$(stat -c %a /dev/net/tun)" != 666 ]; then
    as_root chmod 666 /dev/net/tun
fi

# Root's tests start their labs as an ordinary user, whom they make for it.
if [ "$(id -u)" = 0 ]; then
    export LAB_TEST_USER="lab-test-$$"
    useradd --system --no-create-home --shell /usr/sbin/nologin "$LAB_TEST_USER"
    trap 'userdel "$LAB_TEST_USER"' EXIT
fi

# A test that lacks a tool fails; a snapshot that differs is an error.
export REQUIRE_ALL=1 INSTA_UPDATE=no
cargo test --workspace "$@"
