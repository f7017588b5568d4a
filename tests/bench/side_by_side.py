"""Tunnels side by side, in a lab of their own: what the benchmarks share.

Each program carries one TCP stream from left to right, in turn with the others,
round after round. Measured are the throughput, and the CPU time that the two
ends of the tunnel take for each packet. See README.md in this folder for how to
read the tables.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

TREE = Path(__file__).resolve().parents[2]
RELEASE = TREE / "target/release"
LAB = RELEASE / "lab"
C_PEER = TREE / "target/tunnel"

MTU = "1440"  # with the outer headers, 48 bytes at most, below the 1500 of eth0
SMALL = ["-M", "88"]  # with the headers of TCP and IP, inner packets of 128 bytes
MOST_STEAL = 6.0  # percent of the machine
MOST_OTHERS = 10.0
TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 120  # seconds to wait before a run for a quiet machine


def chapter(name, *options):
    """How a chapter's program is started: with an inner address and a peer."""
    return lambda inner, peer: [
        name, "--addr", inner, "--peer", f"{peer}:9876", "--mtu", MTU, *options
    ]


def in_c(inner, peer):
    """The same for tests/peers/tunnel.c."""
    return [str(C_PEER), inner, peer, MTU]


@dataclass
class Run:
    mbits: float  # payload of TCP, a second
    cpu: float  # µs a packet at one end of the tunnel, user and system
    user: float  # the part of it that is spent in the program itself
    calls: float  # system calls a packet, if the program says so
    steal: float  # percent of the machine's time that the hypervisor took
    others: float  # percent that programs beside the tunnel spent in themselves

    def good(self):
        return self.steal <= MOST_STEAL and self.others <= MOST_OTHERS


class Lab:
    """A lab without captures, which would take CPU time from the tunnel."""

    def __init__(self, folder):
        self.started = []
        self.running = Path(folder) / "up/running"
        self.options = ["--out", folder, "--bin-dir", RELEASE]
        self.lab = self.spawn([LAB, "up", "--no-capture", *self.options])

    def wait(self):
        deadline = time.monotonic() + 10
        while not self.running.exists():
            if self.lab.poll() is not None or time.monotonic() > deadline:
                sys.exit("the lab does not start; try: cargo lab doctor")
            time.sleep(0.02)

    def spawn(self, command):
        # A session of its own: Ctrl-C reaches this script alone, which then
        # ends what it has started, in order.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def start(self, host, command, ready):
        """Starts a program and waits for the line that says it is ready."""
        shell = self.spawn([LAB, "shell", *self.options, host, "--", *command])
        for line in shell.stdout:
            if ready in line:
                return shell
        sys.exit(f"{command[0]} does not start on {host}")

    def run(self, host, command):
        shell = self.spawn([LAB, "shell", *self.options, host, "--", *command])
        output, _ = shell.communicate()
        return output

    def end(self):
        """Ends the lab, and with it all that runs there."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C waits
        self.lab.send_signal(signal.SIGINT)
        for process in self.started:
            process.wait()


def child(shell):
    """The number of the program that runs in this `lab shell`."""
    return int(Path(f"/proc/{shell.pid}/task/{shell.pid}/children").read_text())


def cpu_time(pid):
    """Seconds of user and of system time so far: proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / TICK, int(fields[12]) / TICK


def machine_time():
    """Ticks of the machine so far, in all, of programs, stolen: proc_stat(5)."""
    # The last two, of guests, are contained in the first two.
    ticks = [int(it) for it in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return sum(ticks), ticks[0] + ticks[1], ticks[7]


def wait_for_quiet():
    """Waits until other programs leave the machine alone, for some time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        before = machine_time()
        time.sleep(0.5)
        total, programs, stolen = (now - then for now, then in zip(machine_time(), before))
        if 100 * (programs + stolen) < MOST_STEAL * total:
            return


def packets(pid):
    """Packets that went through tun0 of this program's host so far."""
    devices = Path(f"/proc/{pid}/net/dev").read_text()
    fields = re.search(r"tun0:(.*)", devices)[1].split()
    return int(fields[1]) + int(fields[9])


def system_calls(words):
    """What chapter 7 says of itself when it ends; other programs say nothing."""
    said = re.search(r"system calls: (\d+) waits, (\d+) reads .*, (\d+) writes", words)
    return sum(int(number) for number in said.groups()) if said else 0


def measure(lab, program, command, seconds, small):
    """One burst through a tunnel that is made for it."""
    wait_for_quiet()
    ends = [
        lab.start("left", command("192.168.0.1/24", "203.0.113.2"), ", up"),
        lab.start("right", command("192.168.0.2/24", "198.51.100.2"), ", up"),
    ]
    pids = [child(end) for end in ends]
    server = lab.start("right", ["iperf3", "-s", "-1", "--forceflush"], "Server listening")
    cpu_before = [cpu_time(pid) for pid in pids]
    before = machine_time()
    output = lab.run("left", ["iperf3", "-c", "192.168.0.2", "-t", str(seconds), "-J", *(SMALL if small else [])])
    total, programs, stolen = (now - then for now, then in zip(machine_time(), before))
    cpu_after = [cpu_time(pid) for pid in pids]
    crossed = sum(packets(pid) for pid in pids)

    report = json.loads(output)
    if "error" in report:
        sys.exit(f"iperf3 through {program}: {report['error']}")
    server.communicate()  # its last packets need the tunnel, the next run its port
    calls = 0
    for end, pid in zip(ends, pids):
        os.kill(pid, signal.SIGINT)
        calls += system_calls(end.communicate()[0])
        if end.returncode != 0:
            sys.exit(f"{program} ended with exit code {end.returncode}")

    received = report["end"]["sum_received"]
    user, system = (
        sum(after[i] - before[i] for before, after in zip(cpu_before, cpu_after)) for i in (0, 1)
    )
    return Run(
        mbits=received["bits_per_second"] / 1e6,
        cpu=1e6 * (user + system) / crossed,
        user=1e6 * user / crossed,
        calls=calls / crossed,
        steal=100 * stolen / total,
        others=100 * (programs - user * TICK) / total,
    )


def rounds(lab, programs, number, seconds, small):
    """Runs all programs in each round, every time beginning with another."""
    names = list(programs)
    for nth in range(number):
        results = {}
        for name in names[nth % len(names) :] + names[: nth % len(names)]:
            run = results[name] = measure(lab, name, programs[name], seconds, small)
            out = "" if run.good() else "  left out"
            print(
                f"round {nth + 1:<3}{name:<12}{run.mbits:6.0f} Mbit/s{run.cpu:7.2f} µs a packet"
                f"  steal {run.steal:4.1f} %  others {run.others:4.1f} %{out}",
                flush=True,
            )
        yield {name: run for name, run in results.items() if run.good()}


def cells(values, form, *functions):
    if not values:
        return "".join(f"{'-':>{form.split('.')[0]}}" for _ in functions)
    return "".join(f"{function(values):{form}}" for function in functions)


def table(results, programs, against):
    """The results as text of at most 80 columns."""
    spread = f"{'median':>7}{'min':>7}{'max':>7}"
    print(f"\n{'':16}{'throughput, Mbit/s':>21}{'CPU, µs a packet':>21}{'user':>7}{'calls':>7}")
    print(f"{'program':<12}{'runs':>4}{spread}{spread}{'median':>7}{'median':>7}")
    for name in programs:
        runs = [it[name] for it in results if name in it]
        print(
            f"{name:<12}{len(runs):>4}"
            + cells([run.mbits for run in runs], "7.0f", median, min, max)
            + cells([run.cpu for run in runs], "7.2f", median, min, max)
            + cells([run.user for run in runs], "7.2f", median)
            + cells([run.calls for run in runs if run.calls], "7.2f", median)
        )
    print(f"\nratio to {against:<7}{'throughput':>21}{'CPU time a packet':>21}")
    print(f"{'program':<10}{'rounds':>6}{spread}{spread}")
    for name in programs:
        if name == against:
            continue
        pairs = [(it[name], it[against]) for it in results if name in it and against in it]
        print(
            f"{name:<12}{len(pairs):>4}"
            + cells([one.mbits / other.mbits for one, other in pairs], "7.3f", median, min, max)
            + cells([one.cpu / other.cpu for one, other in pairs], "7.3f", median, min, max)
        )
    left_out = len(results) * len(programs) - sum(len(it) for it in results)
    print(
        f"\n{left_out} runs left out because of more than {MOST_STEAL:.0f} % steal"
        f" or {MOST_OTHERS:.0f} % of other programs"
    )


def build(with_c):
    tools = [("iperf3", "iperf3"), ("ip", "iproute2")] + [("cc", "gcc")] * with_c
    for tool, package in tools:
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            sys.exit(f"{tool} is missing: sudo apt-get install {package}")
    cargo = ["cargo", "build", "--release", "--bins", "--target-dir", TREE / "target"]
    subprocess.run(cargo, cwd=TREE, check=True)
    if with_c:
        source = TREE / "tests/peers/tunnel.c"
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", C_PEER, source], check=True)


def run(words, programs, against):
    parser = argparse.ArgumentParser(description=words.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="default 10")
    parser.add_argument("--seconds", type=int, default=4, help="of each burst; default 4")
    parser.add_argument("--small", action="store_true", help="packets of 128 bytes")
    args = parser.parse_args()
    build(with_c=in_c in programs.values())
    for ending in signal.SIGTERM, signal.SIGHUP:
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        lab = Lab(folder)
        try:
            lab.wait()
            results = list(rounds(lab, programs, args.rounds, args.seconds, args.small))
        finally:
            lab.end()
    table(results, programs, against)


def compare(words, programs, against):
    """Runs a benchmark: `programs` by their names, and the one that the others
    are compared with. `words` say what it is."""
    try:
        run(words, programs, against)
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)
