#!/usr/bin/env python3
"""Compare the tunnel of chapter 8, which checks, with that of chapter 6."""
from side_by_side import chapter, compare

PROGRAMS = {"ch06": chapter("ch06"), "ch06 again": chapter("ch06"), "ch08": chapter("ch08")}

if __name__ == "__main__":
    compare(__doc__, PROGRAMS, against="ch06")
