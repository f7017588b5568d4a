#!/usr/bin/env python3
"""How long does a ping wait beside a transfer, and what does loss do to a tunnel over TCP?

Plays both experiments of chapter 10 in labs without captures, some rounds of them in
rotated order, and writes the results to ch10.json beside this script and the plots to
book/src/images. With --draw it only draws what was measured before.
"""
import argparse
import json
import math
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

TREE = Path(__file__).resolve().parents[2]
DATA = Path(__file__).with_suffix(".json")
IMAGES = TREE / "book/src/images"

# What is started on left, and the length of the queue of its tun0.
WAITS = {
    "ch10, 50": ("ch10", 50),
    "ch10, 5000": ("ch10", 5000),
    "device, 50": ("ch10 --rate 9.5 --queue device", 50),
    "device, 500": ("ch10 --rate 9.5 --queue device", 500),
    "device, 5000": ("ch10 --rate 9.5 --queue device", 5000),
    "drop-tail, 20": ("ch10 --rate 9.5 --queue drop-tail --limit 20", 500),
    "codel": ("ch10 --rate 9.5 --queue codel", 500),
    "over TCP": ("ch10-tcp", 500),
}
RELAY = "relay --rate 10 --queue 300000"
# Of these, how long a ping takes from the beginning of the transfer on.
COURSE = ["device, 5000", "device, 500", "device, 50", "codel"]
LOSSES = [0, 1, 5]  # percent, in both directions
STEP = 0.2  # seconds
SECONDS = 10
EACH = 0.1  # seconds from ping to ping
COURSE_SECONDS = 20


class Lab:
    def __init__(self, bins):
        self.folder = tempfile.TemporaryDirectory()
        self.lab = [bins / "lab", "--bin-dir", bins, "--out", self.folder.name]
        self.started = []
        self.up = subprocess.Popen([*self.lab, "up", "--no-capture"], stdout=subprocess.PIPE, text=True,
                                   start_new_session=True)
        for line in self.up.stdout:
            if "Ctrl-C ends the lab" in line:
                return
        sys.exit("the lab does not start; try: cargo lab doctor")

    def command(self, host, words):
        return [*self.lab, "shell", host, "--", "sh", "-c", f"exec {words}"]

    def start(self, host, words):
        """Starts a program, and waits for its first line."""
        program = subprocess.Popen(self.command(host, words), stdout=subprocess.PIPE, text=True,
                                   start_new_session=True)
        self.started.append(program)
        if not program.stdout.readline():
            sys.exit(f"{words}: ended")
        return program

    def run(self, host, words):
        return subprocess.run(self.command(host, words), stdout=subprocess.PIPE, text=True).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # The programs on its hosts end with it.
        self.up.send_signal(signal.SIGINT)
        self.up.wait()
        for program in self.started:
            program.wait()
        self.folder.cleanup()


# Prints the bytes that tun0 has received, once each step.
WATCH = ("python3 -c 'import time\n"
         "for n in range(%d):\n"
         "    print(open(\"/sys/class/net/tun0/statistics/rx_bytes\").read().strip(), flush=True)\n"
         "    time.sleep(%f)'")


def transfer(lab):
    """A transfer from left to right that lasts as long as the lab."""
    lab.start("left", "serve --listen 0.0.0.0:80")
    fetch = "fetch --timeout 600 http://192.168.0.1/bytes/1000000000 >/dev/null"
    program = subprocess.Popen(lab.command("right", fetch), start_new_session=True,
                               stderr=subprocess.DEVNULL)
    lab.started.append(program)


def slow_path(lab, name):
    """A tunnel over a path that takes 10 Mbit/s, with this queue, and a transfer through it."""
    program, length = WAITS[name]
    lab.start("internet", RELAY)
    right = "--listen 203.0.113.2:9876" if program == "ch10-tcp" else "--peer 198.51.100.2:9876"
    lab.start("right", f"{program.split()[0]} --addr 192.168.0.2/24 {right}")
    lab.start("left", f"{program} --addr 192.168.0.1/24 --peer 203.0.113.2:9876")
    lab.run("left", f"ip link set tun0 txqueuelen {length}")
    transfer(lab)


def waits(bins, name):
    with Lab(bins) as lab:
        slow_path(lab, name)
        time.sleep(4)
        before, began = received(lab), time.monotonic()
        said = lab.run("left", "ping -i 0.02 -c 200 -W 4 192.168.0.2")
        mbit = (received(lab) - before) * 8e-6 / (time.monotonic() - began)
        times = sorted(float(ms) for ms in re.findall(r"time=([\d.]+)", said))
        if len(times) < 50:
            sys.exit(f"{name}: only {len(times)} of 200 pings came back")
        return {"median": times[len(times) // 2], "p95": times[len(times) * 95 // 100],
                "pings": len(times), "mbit": round(mbit, 2)}


def course(bins, name):
    """What pings take, one each tenth of a second: their numbers and ms. And what the sender's TCP says at
    the end: how many packets are on the way at most, how often it was halted by its send buffer, and what
    the ring of tun0 has dropped."""
    with Lab(bins) as lab:
        slow_path(lab, name)
        said = lab.run("left", f"ping -i {EACH} -c {int(COURSE_SECONDS / EACH)} -W 6 192.168.0.2")
        tcp = lab.run("left", "ss -tin src 192.168.0.1")
        ring = lab.run("left", "cat /sys/class/net/tun0/statistics/tx_dropped")
        first = lambda pattern: (re.findall(pattern, tcp) or ["0"])[0]
        return {"pings": [[int(nth), float(ms)] for nth, ms in re.findall(r"icmp_seq=(\d+) .*time=([\d.]+)", said)],
                "cwnd": int(first(r"cwnd:(\d+)")), "sndbuf_limited": first(r"sndbuf_limited:\S+\(([\d.]+)%\)"),
                "again": int(first(r"retrans:\d+/(\d+)")), "full ring": int(ring)}


def received(lab):
    return int(lab.run("right", "cat /sys/class/net/tun0/statistics/rx_bytes"))


def ends(lab, what):
    """A tunnel over UDP or over TCP, with the same room inside."""
    if what == "tcp":
        lab.start("right", "ch10-tcp --addr 192.168.0.2/24 --mtu 1400 --listen 203.0.113.2:9876")
        lab.start("left", "ch10-tcp --addr 192.168.0.1/24 --mtu 1400 --peer 203.0.113.2:9876")
    else:
        lab.start("right", "ch10 --addr 192.168.0.2/24 --mtu 1400 --peer 198.51.100.2:9876")
        lab.start("left", "ch10 --addr 192.168.0.1/24 --mtu 1400 --peer 203.0.113.2:9876")
    lab.run("left", "ping -c 1 192.168.0.2")


def over(bins, what, loss, seed):
    """The Mbit/s that arrive in each step."""
    with Lab(bins) as lab:
        ends(lab, what)
        lab.start("internet", f"relay --rate 10 --queue 100000 --delay 15 --loss {loss} --seed {seed}")
        transfer(lab)
        said = lab.run("right", WATCH % (SECONDS / STEP + 1, STEP))
        bytes = [int(line) for line in said.split()]
        # What the transfer's own TCP says of its segments (ss(8)): sent again, and of those in vain.
        said = lab.run("left", "ss -tin src 192.168.0.1")
        total = lambda pattern: sum(map(int, re.findall(pattern, said)))
        ring = lab.run("left", "cat /sys/class/net/tun0/statistics/tx_dropped")
        return {"mbit": [round((b - a) * 8e-6 / STEP, 2) for a, b in zip(bytes, bytes[1:])],
                "again": total(r"retrans:\d+/(\d+)"), "in vain": total(r"dsack_dups:(\d+)"),
                "full ring": int(ring)}


def pings(bins, what, loss, seed):
    """How long pings take beside nothing else, in ms, and how many of 400 come back."""
    with Lab(bins) as lab:
        ends(lab, what)
        lab.start("internet", f"relay --delay 15 --loss {loss} --seed {seed}")
        said = lab.run("left", "ping -i 0.02 -c 400 -W 3 192.168.0.2")
        times = sorted(float(ms) for ms in re.findall(r"time=([\d.]+)", said))
        return {"median": times[len(times) // 2], "p95": times[len(times) * 95 // 100],
                "most": times[-1], "pings": len(times)}


def measure(bins, rounds, only):
    results = json.loads(DATA.read_text()) if DATA.exists() else {}
    if "course" in only:
        results["course"] = {}
        for name in COURSE:
            found = course(bins, name)
            print(f"{name}: {({**found, 'pings': len(found['pings'])})}", flush=True)
            results["course"][name] = found
    only = [what for what in only if what != "course"]
    results |= {"machine": f"Linux {platform.release()}, {platform.machine()}", "date": str(date.today())}
    results |= {what: {} for what in only}
    for nth in range(rounds):
        names = list(WAITS) if "waits" in only else []
        for name in names[nth:] + names[:nth]:
            found = waits(bins, name)
            print(f"round {nth + 1}: {name}: {found}", flush=True)
            results["waits"].setdefault(name, []).append(found)
        for loss in LOSSES:
            for what in (["udp", "tcp"], ["tcp", "udp"])[nth % 2]:
                key = f"{what} {loss}"
                if "over" in only:
                    found = over(bins, what, loss, nth + 1)
                    mbit = found["mbit"]
                    print(f"round {nth + 1}: {key} % lost: {sum(mbit) / len(mbit):.2f} Mbit/s, "
                          f"sent again: {found['again']}, in vain: {found['in vain']}, "
                          f"full ring: {found['full ring']}", flush=True)
                    results["over"].setdefault(key, []).append(found)
                if "pings" in only and loss:
                    found = pings(bins, what, loss, nth + 1)
                    print(f"round {nth + 1}: {key} % lost: {found}", flush=True)
                    results["pings"].setdefault(key, []).append(found)
        DATA.write_text(json.dumps(results) + "\n")
    return results


def draw_waits(results):
    """A dot at the median, and a line to the 95th percentile, on a scale of powers of ten."""
    x = lambda ms: 110 + 210 * (math.log10(ms) - 0.5) / 3.5
    rows, lines = list(WAITS), []
    bottom = 20 + 18 * len(rows)
    for ms in (10, 100, 1000, 10000):
        lines.append(f'  <path class="cut" stroke-opacity="0.5" d="M{x(ms):.1f} 20V{bottom}"/>')
        label = f"{ms} ms" if ms < 1000 else f"{ms // 1000} s"
        lines.append(f'  <text class="middle quiet" x="{x(ms):.1f}" y="{bottom + 14}">{label}</text>')
    for nth, name in enumerate(rows):
        y = 30 + 18 * nth
        found = results["waits"][name]
        mid, late = (median(run[key] for run in found) for key in ("median", "p95"))
        lines.append(f'  <text class="mono small" x="0" y="{y + 4}">{name}</text>')
        lines.append(f'  <path class="taken" d="M{x(mid):.1f} {y}H{x(late):.1f}m0 -4v8"/>')
        lines.append(f'  <circle class="tap" cx="{x(mid):.1f}" cy="{y}" r="4.5"/>')
    head = '  <text x="0" y="12"><tspan class="bold">time of a ping</tspan> beside a transfer; less is better</text>'
    write("waits", 340, bottom + 20, [head, *lines])


def draw_course(results):
    """The time of each ping since the transfer began; both scales are in the drawing."""
    x = lambda seconds: 48 + 240 * seconds / COURSE_SECONDS
    y = lambda ms: 196 - 170 * (math.log10(max(ms, 4)) - 0.5) / 3.5
    lines = ['  <text x="0" y="12"><tspan class="bold">time of a ping</tspan> since the transfer began</text>']
    for ms in (10, 100, 1000, 10000):
        lines.append(f'  <path class="cut" stroke-opacity="0.5" d="M48 {y(ms):.1f}H288"/>')
        label = f"{ms} ms" if ms < 1000 else f"{ms // 1000} s"
        lines.append(f'  <text class="end quiet" x="44" y="{y(ms) + 4:.1f}">{label}</text>')
    for second in (0, 5, 10, 15, 20):
        lines.append(f'  <text class="middle quiet" x="{x(second):.1f}" y="212">{second} s</text>')
    for name in COURSE:
        pings = results["course"][name]["pings"]
        points = "L".join(f"{x((nth - 1) * EACH):.1f} {y(ms):.1f}" for nth, ms in pings)
        lines.append(f'  <path class="{"taken" if name == "codel" else "way"}" d="M{points}"/>')
        last = median(ms for _, ms in pings[-30:])
        lines.append(f'  <text class="mono small" x="292" y="{y(last) + 4:.1f}">{name.split(", ")[-1]}</text>')
    write("course", 340, 218, lines)


def draw_over(results):
    """Throughput over time, for each loss a panel: the first round."""
    lines, top = [], 0
    for loss in LOSSES:
        both = {what: results["over"][f"{what} {loss}"][0]["mbit"] for what in ("udp", "tcp")}
        most = 10
        base = top + 92
        lines.append(f'  <text x="0" y="{top + 12}"><tspan class="bold">{loss} % lost</tspan>, Mbit/s</text>')
        for mbit in (0, 5, 10):
            y = base - 70 * mbit / most
            lines.append(f'  <path class="cut" stroke-opacity="0.5" d="M26 {y:.1f}H336"/>')
            lines.append(f'  <text class="quiet" x="0" y="{y + 4:.1f}">{mbit}</text>')
        for what, style in (("udp", "taken"), ("tcp", "way")):
            points = " ".join(f"{26 + 310 * (n + 0.5) * STEP / SECONDS:.1f},{base - 70 * min(m, most * 1.05) / most:.1f}"
                              for n, m in enumerate(both[what]))
            lines.append(f'  <path class="{style}" d="M{points.replace(" ", "L").replace(",", " ")}"/>')
        top += 102
    for second in (0, 5, 10):
        lines.append(f'  <text class="middle quiet" x="{26 + 31 * second * 0.98:.1f}" y="{top + 6}">{second} s</text>')
    lines.append(f'  <path class="taken" d="M60 {top + 20}h24"/><text x="90" y="{top + 24}">over UDP</text>')
    lines.append(f'  <path class="way" d="M180 {top + 20}h24"/><text x="210" y="{top + 24}">over TCP</text>')
    write("over-tcp", 340, top + 30, lines)


def write(name, width, height, lines):
    head = f'<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">'
    (IMAGES / f"{name}.svg").write_text("\n".join([head, *lines, "</svg>\n"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bin-dir", type=Path, default=TREE / "target/debug")
    parser.add_argument("--only", nargs="+", default=["waits", "course", "over", "pings"])
    parser.add_argument("--draw", action="store_true", help="only draw")
    args = parser.parse_args()
    results = json.loads(DATA.read_text()) if args.draw else measure(args.bin_dir.resolve(), args.rounds, args.only)
    draw_waits(results)
    draw_course(results)
    draw_over(results)


if __name__ == "__main__":
    main()
