"""Gives a node's store a ledger of a given size, so that its receipts have the paths of a ledger that has run for long.

Only what a later receipt is made from is written: the hashes of the complete subtrees, the last entry and the checkpoint. The
entries below are random hashes; nobody asks for them. The store is AnchorNode's (Sources/AnchorNode/Store/SQLiteSchema.swift)."""
import hashlib
import os
import sqlite3
import time


def place(level, index):
    """The place of a complete subtree's hash in post-order, as SQLiteTransaction.place."""
    last = ((index + 1) << level) - 1
    return 2 * last - last.bit_count() + level


def complete_subtrees(size):
    """(level, index, hash) of the complete subtrees that a tree of this size consists of, the largest first."""
    found, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append((level, start >> level, os.urandom(32)))
            start += 1 << level
    return found


def root_of(subtrees):
    """RFC 9162, 2.1.1: the smaller subtrees are joined first."""
    root = subtrees[-1][2]
    for _, _, left in reversed(subtrees[:-1]):
        root = hashlib.sha256(b"\1" + left + root).digest()
    return root


def prefill(path, size):
    """`path` is the store of a stopped node that holds its trust file and nothing else."""
    subtrees = complete_subtrees(size)
    if size & 1:
        # The last entry is a subtree of its own: its hash must be that of the bytes stored for it.
        raise ValueError("an even size, please")
    store = sqlite3.connect(path)
    with store:
        store.execute("DELETE FROM checkpoints")
        store.execute("DELETE FROM nodes")
        filler = b"\xf6"
        store.execute("INSERT INTO entries(leaf, hash, held, bytes) VALUES (?, ?, 0, ?)", (size - 1, os.urandom(32), filler))
        store.executemany("INSERT INTO nodes(place, hash) VALUES (?, ?)",
                          [(place(level, index), digest) for level, index, digest in subtrees])
        store.execute("INSERT INTO checkpoints(size, root, made) VALUES (?, ?, ?)", (size, root_of(subtrees), int(time.time())))
    store.close()
