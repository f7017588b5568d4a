#!/usr/bin/env python3
"""A tunnel in a few lines: python3 tunnel.py ADDRESS/PREFIX PEER [MTU]

It writes whatever arrives to tun0, as such programs do, and handles no error at all.
"""
import fcntl, os, select, signal, socket, struct, subprocess, sys

address, peer, mtu = (sys.argv[1:] + ["1500"])[:3]
signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C without a traceback

# From linux/if_tun.h: TUNSETIFF, and the flags IFF_TUN and IFF_NO_PI.
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x0001 | 0x1000))
nodad = " nodad" if ":" in address else ""  # an IPv6 address to be used at once
for command in (
    f"link set tun0 mtu {mtu} addrgenmode none",
    f"address add {address} dev tun0{nodad}",
    "link set tun0 up",
):
    subprocess.run(["ip", *command.split()], check=True)

udp = socket.socket(socket.AF_INET6 if ":" in peer else socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("", 9876))
print(f"tun0: {address}, mtu {mtu}, up", flush=True)

while True:
    readable, _, _ = select.select([tun, udp], [], [])
    if tun in readable:
        udp.sendto(os.read(tun, 65535), (peer, 9876))
    if udp in readable:
        os.write(tun, udp.recv(65535))
