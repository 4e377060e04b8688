"""The peer: the same events in an SQLite database with a write-ahead log, as a store-and-forward buffer is mostly built.

usage: wal_database.py FILE COUNT GROUP SIZE   (COUNT events of SIZE bytes, GROUP in a transaction)
Prints the bytes handed to write(2) and those that the kernel counted for the medium, from /proc/self/io, with the last checkpoint."""
import json
import os
import sqlite3
import sys
from pathlib import Path

from readings import written_bytes

file, count, group, size = sys.argv[1], *map(int, sys.argv[2:])


def handed_bytes():
    """The `wchar` of /proc/self/io."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["wchar"])


handed, device = handed_bytes(), written_bytes("self")
database = sqlite3.connect(file, isolation_level=None)
mode = database.execute("PRAGMA journal_mode = WAL").fetchone()[0]
database.execute("PRAGMA synchronous = FULL")
database.execute("CREATE TABLE events(sequence INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")
for first in range(0, count, group):
    database.execute("BEGIN")
    database.executemany("INSERT INTO events VALUES (?, ?)", [(sequence, os.urandom(size)) for sequence in range(first, min(first + group, count))])
    database.execute("COMMIT")
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
kept = database.execute("SELECT count(*), sum(length(bytes)) FROM events").fetchone()
database.close()
if mode != "wal" or kept != (count, count * size):
    sys.exit(f"mode {mode}, kept {kept}: not what was to be measured")
print(json.dumps({"handed": handed_bytes() - handed, "device": written_bytes("self") - device, "version": sqlite3.sqlite_version}))
