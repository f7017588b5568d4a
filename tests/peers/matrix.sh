#!/bin/bash
# Which of four pings are answered (+), for each --pmtu and each MTU of tun0? A ping is as
# large as that MTU allows. Chapter 9 plays it on left: matrix.sh PEER:PORT OVERHEAD
set -m
peer=$1
mtus="1500 $((1500 - $2)) $((1400 - $2))"

printf '%-6s' ''
printf '    %-4s' $mtus
for pmtu in want dont do probe own; do
    printf '\n%-6s' "$pmtu"
    for mtu in $mtus; do
        ip route flush cache # what the kernel learned in the cell before
        ip -6 route flush cache
        coproc ch09 --addr 192.168.0.1/24 --peer "$peer" --mtu "$mtu" --pmtu "$pmtu"
        read -r _ <&"${COPROC[0]}" # the line that says it is up
        printf '    '
        for _ in 1 2 3 4; do
            # -M dont: what is larger than tun0 takes by now may be cut in two
            if ping -q -c 1 -W 0.25 -M dont -s $((mtu - 28)) 192.168.0.2 >/dev/null; then
                printf +
            else
                printf -- -
            fi
        done
        kill -INT "$COPROC_PID"
        wait
    done
done 2>/dev/null
echo
