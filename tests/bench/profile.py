#!/usr/bin/env python3
"""Where the time of a tunnel goes, as a flame graph for the book.

    tests/bench/profile.py ch06 book/src/images/profile-ch06.svg

Runs `cargo lab bench` with this contestant while `perf` looks, 499 times a second, which function
each processor is in (Debian: linux-perf; as root, or with kernel.perf_event_paranoid=-1). Only the
two ends of the tunnel count. A box is a function, as wide as its share of their time, and stands on
the one that called it. What the kernel does between the system call and its own work has no box, and
neither has what is narrower than the words in it could be. Prints what each system call took, in seconds
of both ends for 10⁹ bytes of the same run.
"""
import collections
import json
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
WIDTH, ROW = 340, 17
# Between a system call and what it is for: entry, dispatch, wrappers.
PLUMBING = re.compile(
    r"^(entry_|do_syscall|x64_sys|__x64_sys|__se_sys|__do_sys|___?sys_|ksys_|vfs_|new_sync|do_iter|do_readv|do_writev|"
    r"sock_(write|read)_iter|__sock_|sock_sendmsg|sock_recvmsg|inet6?_(sendmsg|recvmsg)|__sys_|asm_|sysvec_|"
    r"__local_bh|do_softirq|__do_softirq|handle_softirqs|irq_exit|__irq|net_rx_action|__napi_poll|process_backlog|"
    r"__netif_receive_skb$|netif_receive_skb|ip_rcv$|ip_local_deliver$|ip6?_output$|__ip|nf_|security_|\[)"
)


def stacks(program):
    """How many samples each chain of functions has, from the outermost on, and the seconds for 10⁹ bytes."""
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/data"
        bench = ["cargo", "lab", "bench", "--against", program, "--underlay", "frames"]
        bench += ["--rounds", "1", "--seconds", "4", "--json", f"{folder}/json"]
        record = ["perf", "record", "-q", "-a", "-g", "-F", "499", "-e", "cpu-clock", "-o", data, "--"]
        subprocess.run(record + bench, cwd=TREE, check=True)
        fields = ["perf", "script", "-i", data, "-F", "comm,ip,sym"]
        text = subprocess.run(fields, capture_output=True, text=True, check=True).stdout
        seconds = json.loads(Path(f"{folder}/json").read_text())["runs"][0]["ends_per_gb"]
    counts, comm = collections.Counter(), program.split(":")[0]
    for sample in text.split("\n\n"):
        lines = sample.strip().split("\n")
        if lines[0].strip() != comm:
            continue
        names = [line.split(None, 1)[1].split("+0x")[0] for line in lines[1:] if len(line.split(None, 1)) > 1]
        names.reverse()
        calls = [at for at, name in enumerate(names) if re.match(r"__x64_sys_|ksys_|__sys_|do_writev|do_readv", name)]
        if calls:
            call = re.sub(r"__x64_sys_|ksys_|__sys_|do_", "", names[calls[0]]) + "()"
            chain = [call] + [name for name in names[calls[0] + 1:] if not PLUMBING.match(name)]
        else:
            own = [name for name in names if not name.startswith(("entry_", "asm_", "["))]
            chain = ["own code"] + [re.sub(r"::h[0-9a-f]{16}$", "", name) for name in own[-1:]]
        counts[tuple(chain)] += 1
    return counts, seconds


def tell(counts, seconds):
    """The share and the seconds of what is at the bottom of the drawing."""
    total, calls = sum(counts.values()), collections.Counter()
    for chain, count in counts.items():
        calls[chain[0]] += count
    for call, count in calls.most_common():
        print(f"{call:12} {count / total:4.0%} {seconds * count / total:5.2f} s")
    print(f"{'together':12}      {seconds:5.2f} s")


def draw(counts, program):
    total = sum(counts.values())
    boxes, depth = [], 0

    def place(chains, x, level):
        nonlocal depth
        groups = collections.defaultdict(list)
        for chain, count in chains:
            if len(chain) > level:
                groups[chain[level]].append((chain, count))
        for name, group in sorted(groups.items(), key=lambda each: -sum(c for _, c in each[1])):
            width = sum(count for _, count in group) / total * WIDTH
            if width < 9:
                continue
            boxes.append((x, level, width, name))
            depth = max(depth, level)
            if level < 9:
                place(group, x, level + 1)
            x += width

    place(list(counts.items()), 0, 0)
    height = (depth + 1) * ROW + 22
    lines = [f'<svg viewBox="0 0 {WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">']
    for x, level, width, name in boxes:
        y = (depth - level) * ROW + 2
        share = f" {width / WIDTH:.0%}" if level == 0 else ""
        room = int((width - 4) / 5.4)
        words = name + share
        words = words if len(words) <= room else (words[: room - 1] + "…" if room > 3 else "")
        words = words.replace("&", "&amp;").replace("<", "&lt;")
        kind = "oip" if level == 0 else "iip" if level % 2 else "udp"
        lines.append(f'  <rect class="layer {kind}" x="{x:.1f}" y="{y}" width="{width - 0.8:.1f}" height="{ROW - 1.5}" rx="2"/>')
        if words:
            lines.append(f'  <text class="ink small" x="{x + 3:.1f}" y="{y + 11.5}">{words}</text>')
    said = f"{program}, {total} samples, {date.today()}"
    lines.append(f'  <text class="quiet" x="2" y="{height - 4}">{said}</text>')
    lines.append("</svg>\n")
    return "\n".join(lines)


program, file = sys.argv[1:]
counts, seconds = stacks(program)
tell(counts, seconds)
Path(file).write_text(draw(counts, program))
