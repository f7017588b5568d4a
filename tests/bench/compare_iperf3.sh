#!/usr/bin/env bash
# Does the generator of `cargo lab bench` find what iperf3 finds? One TCP stream over a cable without a
# tunnel, three times each, in turn. As root: it makes two network namespaces, and removes them.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo "run this as root: sudo $0"; exit 1; }
one=bench-one-$$ two=bench-two-$$
trap 'ip netns delete $one; ip netns delete $two' EXIT
ip netns add "$one"
ip netns add "$two"
ip link add eth0 netns "$one" type veth peer name eth0 netns "$two"
ip -n "$one" address add 10.9.0.1/24 dev eth0
ip -n "$two" address add 10.9.0.2/24 dev eth0
ip -n "$one" link set eth0 up
ip -n "$two" link set eth0 up
for _ in 1 2 3; do
    ip netns exec "$two" iperf3 --server --one-off >/dev/null &
    sleep 0.3
    ip netns exec "$one" iperf3 --congestion cubic --client 10.9.0.2 --time 2 | awk '/receiver/ {print "iperf3:    ", $7, $8}'
    wait
    cargo lab bench --against none --underlay super --rounds 1 --seconds 2 --json /tmp/"$one".json 2>/dev/null |
        awk '$1 == "none" && !seen++ {print "generator: ", $2, "Mbits/sec"}'
done
rm -f /tmp/"$one".json
