#!/usr/bin/env python3
"""Compare the tunnel of chapter 9, which knows how long a packet may be, with that of chapter 8."""
from side_by_side import chapter, compare

PROGRAMS = {"ch08": chapter("ch08"), "ch08 again": chapter("ch08"), "ch09": chapter("ch09")}

if __name__ == "__main__":
    compare(__doc__, PROGRAMS, against="ch08")
