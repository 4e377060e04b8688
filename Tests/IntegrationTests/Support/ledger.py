#!/usr/bin/python3
"""Writes what a node's ledger holds of its gateways as JSON, one line a statement; shares no code with what it reads.

usage: ledger.py LEDGER.sqlite"""
import hashlib
import json
import sqlite3
import sys

import cbor2

ISSUER, SUBJECT, FIRST, COUNT, PREVIOUS = 1, 2, -70001, -70002, -70003
KIND, DOCUMENTS, FIELDS = 0, 8, 12


def item(entry):
    """One element of a batch-message's list: event bytes, or the leaf hash of an event that was withheld."""
    if not isinstance(entry, bytes):
        return {"leaf": entry[0].hex()}
    event = cbor2.loads(entry)
    extension = event.get(FIELDS, {}).items()
    fields = {str(name): value for name, value in extension if isinstance(value, str)}
    numbers = {str(name): value for name, value in extension if type(value) is int}
    return {"leaf": hashlib.sha256(b"\0" + entry).hexdigest(), "kind": str(event[KIND]), "documents": event.get(DOCUMENTS, {}),
            "fields": fields, "numbers": numbers}


database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
rows = database.execute(
    "SELECT entries.bytes, items, receipts.held FROM entries JOIN events USING (leaf) "
    "LEFT JOIN receipts USING (leaf) WHERE entries.signer IS NOT NULL ORDER BY leaf")
for statement, items, held in rows:
    header = cbor2.loads(cbor2.loads(statement).value[0])
    entries = cbor2.loads(items)
    assert header[COUNT] == len(entries), "a statement's count is not its list's length"
    print(json.dumps({
        "gateway": header[15][ISSUER].rsplit("/", 1)[1], "epoch": header[15][SUBJECT].rsplit("/", 1)[1], "first": header[FIRST],
        "hash": hashlib.sha256(statement).hexdigest(), "previous": header[PREVIOUS].hex(), "held": held or 0,
        "events": [item(entry) for entry in entries]}))
