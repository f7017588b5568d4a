#!/bin/bash
# Which of five pings are answered (+), for each --pmtu and each MTU of tun0? A ping is as
# large as that MTU allows. Played on left, in chapter 9.
set -m

mtus="1500 1472 1372"
# shellcheck disable=SC2086 # one word for each column
printf '%-9s%-9s%-9s%s\n' --pmtu $mtus

for pmtu in want dont do probe own; do
    printf '%-9s' $pmtu
    for mtu in $mtus; do
        ip route flush cache # what the kernel learned in the cell before
        coproc ch09 --addr 192.168.0.1/24 --peer 203.0.113.2:9876 --mtu $mtu --pmtu $pmtu
        read -r _ <&"${COPROC[0]}" # the line that says it is up
        for _ in 1 2 3 4 5; do
            # -M dont: a packet that is larger than tun0 now takes may be cut in two
            if ping -q -c 1 -W 0.3 -M dont -s $((mtu - 28)) 192.168.0.2 >/dev/null; then
                printf +
            else
                printf -- -
            fi
        done
        printf '    '
        kill -INT $COPROC_PID
        wait
    done
    echo
done 2>/dev/null
