#!/usr/bin/env python3
"""Compare the tunnel of chapter 6 with the same loop in C."""
from side_by_side import chapter, compare, in_c

# The C loop runs twice: how far it is from itself shows the noise.
PROGRAMS = {"ch06": chapter("ch06"), "C": in_c, "C again": in_c}

if __name__ == "__main__":
    compare(__doc__, PROGRAMS, against="C")
