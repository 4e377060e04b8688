#!/usr/bin/python3
"""Reads a node's ledger beside the node's own code: recomputes every signed root and every receipt's path from the stored bytes.

Writes one line of JSON: the number of entries, the root of each checkpoint by its size, and what is wrong.

usage: checkpoints.py LEDGER.sqlite"""
import hashlib
import json
import sqlite3
import sys

import cbor2

TREE_SIZE, PROOFS, INCLUSION = -70005, 396, -1


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(peaks):
    """The root over complete subtrees (height, hash), largest first."""
    root = peaks[-1][1]
    for _, left in reversed(peaks[:-1]):
        root = node(left, root)
    return root


def root_from_path(leaf, index, size, path):
    """RFC 9162, 2.1.3.2; None when the path has the wrong length."""
    place, last = index, size - 1
    for step in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            leaf = node(step, leaf)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            leaf = node(leaf, step)
        place, last = place >> 1, last >> 1
    return leaf if last == 0 else None


database = sqlite3.connect(sys.argv[1])
checkpoints = dict(database.execute("SELECT size, root FROM checkpoints"))
wrong, peaks, leaves = [], [], []
for number, (leaf, entry) in enumerate(database.execute("SELECT leaf, bytes FROM entries ORDER BY leaf")):
    if leaf != number:
        wrong.append(f"entry {number} has the index {leaf}")
    leaves.append(hashlib.sha256(b"\0" + entry).digest())
    peaks.append((0, leaves[-1]))
    while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
        height, right = peaks.pop()
        peaks.append((height + 1, node(peaks.pop()[1], right)))
    if checkpoints.get(number + 1, root_of(peaks)) != root_of(peaks):
        wrong.append(f"the root signed at {number + 1} entries is not theirs")
if len(set(leaves)) != len(leaves):
    wrong.append("an entry stands twice")
if max(checkpoints, default=0) > len(leaves):
    wrong.append("a root was signed over more entries than there are")
for leaf, receipt in database.execute("SELECT leaf, bytes FROM receipts"):
    protected, unprotected, _, _ = cbor2.loads(receipt).value
    size, index, path = cbor2.loads(unprotected[PROOFS][INCLUSION][0])
    if index != leaf or size != cbor2.loads(protected)[TREE_SIZE] or root_from_path(leaves[leaf], index, size, path) != checkpoints.get(size):
        wrong.append(f"the receipt of entry {leaf} does not lead to the root signed at {size} entries")
print(json.dumps({"entries": len(leaves), "roots": {size: root.hex() for size, root in checkpoints.items()}, "wrong": wrong}))
