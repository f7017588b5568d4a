#!/usr/bin/env python3
"""How long the page of `cargo lab view` takes, and how much memory.

Makes a capture of as many packets as given (100000), as of a busy Ethernet: TCP
both ways in full segments, DNS, pings, ARP. Then makes its page and opens it in
Chromium, several times over; prints medians, and the least and the most.

    tests/bench/view.py [PACKETS] [ROUNDS] [CHAPTER]
"""

import json
import os
import pathlib
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parents[2]
VIEW = TREE / "target/debug/view"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, to, protocol, payload, identification):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification & 0xFFFF,
                       0x4000, 64, protocol, 0, bytes(source), bytes(to))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def tcp(source, to, ports, numbers, flags, data):
    head = struct.pack("!HHIIBBHHH", *ports, *(number % 2**32 for number in numbers), 8 << 4,
                       flags, 500, 0, 0) + b"\1\1\x08\x0a" + bytes(8)
    pseudo = bytes(source) + bytes(to) + struct.pack("!BBH", 0, 6, len(head) + len(data))
    return head[:16] + struct.pack("!H", checksum(pseudo + head + data)) + head[18:] + data


def capture(file, packets):
    """A classic pcap of Ethernet; the same one each time."""
    chance = random.Random(7)
    here, server = [192, 0, 2, 1], [198, 51, 100, 9]
    ethernet, now, flows = bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]), 0, []
    some = chance.randbytes(1 << 20)
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    for number in range(packets):
        kind = chance.random()
        if len(flows) < 40 or kind < 0.002:
            flows.append([[203, 0, 113, chance.randrange(1, 255)], chance.randrange(32768, 60000),
                          chance.randrange(1 << 31), chance.randrange(1 << 31)])
        flow = chance.choice(flows[-40:])
        if kind < 0.55:
            at = chance.randrange(len(some) - 1448)
            data = some[at:at + (1448 if chance.random() < 0.8 else chance.randrange(1, 1448))]
            segment = tcp(flow[0], here, (443, flow[1]), (flow[3], flow[2]), 0x18, data)
            frame, flow[3] = ethernet + ip(flow[0], here, 6, segment, number), flow[3] + len(data)
        elif kind < 0.9:
            segment = tcp(here, flow[0], (flow[1], 443), (flow[2], flow[3]), 0x10, b"")
            frame = ethernet + ip(here, flow[0], 6, segment, number)
        elif kind < 0.97:
            head = struct.pack("!HHHH", chance.randrange(32768, 60000), 53, 48, 0)
            frame = ethernet + ip(here, server, 17, head + chance.randbytes(40), number)
        elif kind < 0.99:
            ping = struct.pack("!BBHHH", 8, 0, 0, 7, number & 0xFFFF) + bytes(56)
            frame = ethernet + ip(here, server, 1, ping, number)
        else:
            frame = bytes([255] * 6 + [2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]) + bytes(38)
        now += chance.randrange(5, 300)
        head = struct.pack("<IIII", 1700000000 + now // 10**6, now % 10**6, len(frame), len(frame))
        file.write(head + frame)


class Browser:
    """Chromium, over the two pipes of its `--remote-debugging-pipe`."""

    def __init__(self, folder):
        to_it, ours = os.pipe()
        theirs, from_it = os.pipe()
        def pipes():
            os.dup2(to_it, 3)
            os.dup2(from_it, 4)
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--disable-gpu", "--window-size=1400,1000",
             "--remote-debugging-pipe", f"--user-data-dir={folder}/browser",
             *(["--no-sandbox"] if os.geteuid() == 0 else []), "about:blank"],
            preexec_fn=pipes, pass_fds=(3, 4), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.write, self.read = os.fdopen(ours, "wb", 0), os.fdopen(theirs, "rb")
        self.number, self.session = 0, None
        pages = self.ask("Target.getTargets")["targetInfos"]
        page = next(page for page in pages if page["type"] == "page")
        attached = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self.session = attached["sessionId"]

    def ask(self, method, **what):
        self.number += 1
        message = {"id": self.number, "method": method, "params": what}
        if self.session:
            message["sessionId"] = self.session
        self.write.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = b""
            while not answer.endswith(b"\0"):
                answer += self.read.read(1)
            answer = json.loads(answer[:-1])
            if answer.get("id") == self.number:
                return answer.get("result", {})

    def value(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True,
                          returnByValue=True)
        return result.get("result", {}).get("value")

    def memory(self):
        """What no other process shares of the largest renderer, in MB."""
        most = 0
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if b"--type=renderer" in (folder / "cmdline").read_bytes():
                    lines = (folder / "smaps_rollup").read_text().splitlines()
                    sizes = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
                    most = max(most, sum(sizes) // 1024)
            except (OSError, IndexError):
                pass
        return most


SCROLL = """(async () => {
    const view = document.querySelector('#view'), times = [];
    let last = performance.now();
    for (let step = 0; step <= 120; step++) {
        view.scrollTop = view.scrollHeight * step / 120;
        await new Promise(done => requestAnimationFrame(done));
        const now = performance.now();
        times.push(now - last);
        last = now;
    }
    return times.filter(time => time > 50).length;
})()"""


def round_of(page, folder):
    browser = Browser(folder)
    started = time.monotonic()
    browser.ask("Page.navigate", url=f"file://{page}")
    drawn = "document.querySelectorAll('#rows .pair').length > 0 && !!document.querySelector('#packet h2')"
    while browser.value(drawn) is not True:
        time.sleep(0.01)
    opened = time.monotonic() - started
    after = browser.memory()
    late = browser.value(SCROLL)
    browser.ask("HeapProfiler.collectGarbage")
    memory = browser.memory()
    browser.process.terminate()
    browser.process.wait()
    return opened, late, after, memory


def main():
    numbers = [int(word) for word in sys.argv[1:]] + [100_000, 5, 6][len(sys.argv) - 1:]
    packets, rounds, chapter = numbers
    subprocess.run(["cargo", "build", "--quiet", "--package", "figures"], cwd=TREE, check=True)
    with tempfile.TemporaryDirectory(prefix="ip-over-udp-view-") as folder:
        large = pathlib.Path(folder, "large.pcap")
        with open(large, "wb") as file:
            capture(file, packets)
        reference = TREE / f"captures/ch{chapter:02}/all.pcapng"
        for name, source in [(f"{packets} packets", large), (f"chapter {chapter}", reference)]:
            page = pathlib.Path(folder, f"{source.stem}.html")
            started = time.monotonic()
            subprocess.run([VIEW, "--quiet", source, "--page", page], cwd=TREE, check=True)
            made = time.monotonic() - started
            print(f"{name}: made in {made:.1f} s (debug build), {page.stat().st_size / 1e6:.1f} MB")
            results = list(zip(*(round_of(page, folder) for _ in range(rounds))))
            names = ["opened, s", "frames above 50 ms of 121 while scrolling",
                     "memory when opened, MB", "and after scrolling, MB"]
            for what, values in zip(names, results):
                print(f"  {what}: {statistics.median(values):.2f} "
                      f"({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main()
