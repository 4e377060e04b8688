#!/usr/bin/python3
"""Runs a program on a kernel that lacks something: faccessat2 is Linux 5.8's, and not every file system has O_TMPFILE.

old-kernel.py faccessat2[,tmpfile] PROGRAM WORD...
"""
import os, platform, sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Packages"))
from root import filter_calls

LOAD, EQUAL, HAS_BITS, GIVE = 0x20, 0x15, 0x45, 0x06
ERROR, ALLOWED = 0x00050000, 0x7FFF0000
NO_CALL, NOT_SUPPORTED = 38, 95
FACCESSAT2, OPENAT = 439, {"x86_64": 257}.get(platform.machine(), 56)
TMPFILE = 0o20000000
FLAGS = 16 + 2 * 8  # of struct seccomp_data: the third argument

rules = [(LOAD, 0, 0, 0), (EQUAL, 0, 1, FACCESSAT2), (GIVE, 0, 0, ERROR | NO_CALL)]
if "tmpfile" in sys.argv[1].split(","):
    rules += [(EQUAL, 0, 3, OPENAT), (LOAD, 0, 0, FLAGS), (HAS_BITS, 0, 1, TMPFILE), (GIVE, 0, 0, ERROR | NOT_SUPPORTED)]
filter_calls(rules + [(GIVE, 0, 0, ALLOWED)])
os.execv(sys.argv[2], sys.argv[2:])
