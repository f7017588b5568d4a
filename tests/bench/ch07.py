#!/usr/bin/env python3
"""Compare the three right ways to wait of chapter 7."""
from side_by_side import chapter, compare


def ch07(how):
    return chapter("ch07", "--wait", how)


# The two others stall, or are deaf: no stream gets through them.
PROGRAMS = {
    "poll": ch07("poll"),
    "poll again": ch07("poll"),
    "epoll-edge": ch07("epoll-edge"),
    "threads": ch07("threads"),
}

if __name__ == "__main__":
    compare(__doc__, PROGRAMS, against="poll")
