#!/usr/bin/env python3
"""Compare the tunnel of chapter 6 with the same loop in C, in a lab of its own.

Both carry one TCP stream from left to right. Measured are the throughput and
the CPU time that the two ends of the tunnel take for each gigabyte. See
README.md in this folder for how to read the table.
"""
import argparse
import json
import os
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
MOST_STEAL = 6.0  # percent of the machine
MOST_OTHERS = 10.0
TICK = os.sysconf("SC_CLK_TCK")

# The C loop runs twice: how far it is from itself shows the noise.
PROGRAMS = {
    "ch06": lambda inner, peer: ["ch06", "--addr", inner, "--peer", f"{peer}:9876", "--mtu", MTU],
    "C": lambda inner, peer: [str(C_PEER), inner, peer, MTU],
    "C again": lambda inner, peer: [str(C_PEER), inner, peer, MTU],
}


@dataclass
class Run:
    mbits: float  # payload of TCP, a second
    cpu: float  # seconds a gigabyte, both ends of the tunnel, user and system
    user: float  # the part of it that is spent in the program itself
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


def measure(lab, program, seconds):
    """One burst through a tunnel that is made for it."""
    command = PROGRAMS[program]
    ends = [
        lab.start("left", command("192.168.0.1/24", "203.0.113.2"), ", up"),
        lab.start("right", command("192.168.0.2/24", "198.51.100.2"), ", up"),
    ]
    pids = [child(end) for end in ends]
    server = lab.start("right", ["iperf3", "-s", "-1", "--forceflush"], "Server listening")
    cpu_before = [cpu_time(pid) for pid in pids]
    before = machine_time()
    output = lab.run("left", ["iperf3", "-c", "192.168.0.2", "-t", str(seconds), "-J"])
    total, programs, stolen = (now - then for now, then in zip(machine_time(), before))
    cpu_after = [cpu_time(pid) for pid in pids]

    report = json.loads(output)
    if "error" in report:
        sys.exit(f"iperf3 through {program}: {report['error']}")
    server.communicate()  # its last packets need the tunnel, the next run its port
    for end, pid in zip(ends, pids):
        os.kill(pid, signal.SIGINT)
        end.communicate()
        if end.returncode != 0:
            sys.exit(f"{program} ended with exit code {end.returncode}")

    received = report["end"]["sum_received"]
    gigabytes = received["bytes"] / 1e9
    user, system = (
        sum(after[i] - before[i] for before, after in zip(cpu_before, cpu_after)) for i in (0, 1)
    )
    return Run(
        mbits=received["bits_per_second"] / 1e6,
        cpu=(user + system) / gigabytes,
        user=user / gigabytes,
        steal=100 * stolen / total,
        others=100 * (programs - user * TICK) / total,
    )


def rounds(lab, number, seconds):
    """Runs all programs in each round, every time beginning with another."""
    names = list(PROGRAMS)
    for nth in range(number):
        results = {}
        for name in names[nth % len(names) :] + names[: nth % len(names)]:
            run = results[name] = measure(lab, name, seconds)
            out = "" if run.good() else "  left out"
            print(
                f"round {nth + 1}  {name:<8}{run.mbits:7.0f} Mbit/s{run.cpu:7.2f} s/GB"
                f"  steal {run.steal:4.1f} %  others {run.others:4.1f} %{out}",
                flush=True,
            )
        yield {name: run for name, run in results.items() if run.good()}


def cells(values, form, *functions):
    if not values:
        return "".join(f"{'-':>{form.split('.')[0]}}" for _ in functions)
    return "".join(f"{function(values):{form}}" for function in functions)


def table(results):
    """The results as text of at most 80 columns."""
    spread = f"{'median':>7}{'min':>7}{'max':>7}"
    print(f"\n{'':14}{'throughput, Mbit/s':>21}{'CPU time, s/GB':>21}{'user':>7}{'steal':>7}{'others':>7}")
    print(f"{'program':<10}{'runs':>4}{spread}{spread}{'median':>7}{'max, %':>7}{'max, %':>7}")
    for name in PROGRAMS:
        runs = [it[name] for it in results if name in it]
        print(
            f"{name:<10}{len(runs):>4}"
            + cells([run.mbits for run in runs], "7.0f", median, min, max)
            + cells([run.cpu for run in runs], "7.2f", median, min, max)
            + cells([run.user for run in runs], "7.2f", median)
            + cells([run.steal for run in runs], "7.1f", max)
            + cells([run.others for run in runs], "7.1f", max)
        )
    print(f"\n{'':14}{'throughput':>21}{'CPU time per GB':>21}")
    print(f"{'ratio':<8}{'rounds':>6}{spread}{spread}")
    for name in ("ch06", "C again"):
        pairs = [(it[name], it["C"]) for it in results if name in it and "C" in it]
        print(
            f"{name + '/C':<10}{len(pairs):>4}"
            + cells([ours.mbits / c.mbits for ours, c in pairs], "7.3f", median, min, max)
            + cells([ours.cpu / c.cpu for ours, c in pairs], "7.3f", median, min, max)
        )
    left_out = len(results) * len(PROGRAMS) - sum(len(it) for it in results)
    print(
        f"\n{left_out} runs left out because of more than {MOST_STEAL:.0f} % steal"
        f" or {MOST_OTHERS:.0f} % of other programs"
    )


def build():
    for tool, package in ("iperf3", "iperf3"), ("cc", "gcc"), ("ip", "iproute2"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            sys.exit(f"{tool} is missing: sudo apt-get install {package}")
    cargo = ["cargo", "build", "--release", "--bins", "--target-dir", TREE / "target"]
    subprocess.run(cargo, cwd=TREE, check=True)
    source = TREE / "tests/peers/tunnel.c"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", C_PEER, source], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="default 7")
    parser.add_argument("--seconds", type=int, default=4, help="of each burst; default 4")
    args = parser.parse_args()
    build()
    for ending in signal.SIGTERM, signal.SIGHUP:
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="bench-ch06-") as folder:
        lab = Lab(folder)
        try:
            lab.wait()
            results = list(rounds(lab, args.rounds, args.seconds))
        finally:
            lab.end()
    table(results)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)
