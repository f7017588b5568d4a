#!/bin/bash
# How many system calls does each step of chapter 11 need to read twelve datagrams from tun0 and to
# send them? Chapter 11 plays it on left: steps.sh PEER:PORT
set -m
said=$(mktemp)
trap 'rm -f "$said"' EXIT
try() { # try STEP [OPTION OF burst]
    ch11 --addr 192.168.0.1/24 --peer "$peer" --fast "$1" >"$said" &
    until grep -q up "$said"; do sleep 0.01; done
    kill -STOP %1
    burst send 192.168.0.2:7000 --count 12 --size 1000 $2 >/dev/null
    kill -CONT %1
    sleep 0.2
    kill -INT %1
    wait
    printf '%-20s%s\n' "$1 $2" "$(grep -o '[0-9]* to read, [0-9]* to send' "$said")"
}
peer=$1
for step in none threads batch gso offload; do
    try "$step"
done
try offload --at-once
