"""What gateways say to nodes, made beside the gateway's own code: hellos and batches of one event (wire-format.md, sections 4 and 7)."""
import hashlib
import os
import time

import cbor2

from certificates import elements, run

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FIRST, COUNT, PREVIOUS = -70001, -70002, -70003


def shard(gateway):
    return hashlib.sha256(gateway).hexdigest()[:2].encode()


def encoded(value):
    return cbor2.dumps(value, canonical=True)


class SealKey:
    """A gateway's seal key, and how far its chain has come."""

    def __init__(self, key, issuer):
        self.key, self.issuer = key, issuer
        point = run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER")[-64:]
        self.identifier = hashlib.sha256(encoded({1: 2, -1: 1, -2: point[:32], -3: point[32:]})).digest()
        self.epoch, self.first, self.previous = os.urandom(8).hex(), 0, bytes(32)

    def sign(self, content):
        """64 bytes r||s with the lower s."""
        r, s = (int.from_bytes(part, "big") for _, part in elements(
            next(elements(run("openssl", "dgst", "-sha256", "-sign", self.key, given=content)))[1]))
        return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")

    def statement(self):
        """The next statement of the chain, and the message that carries it. The chain goes on when it is `accepted`."""
        event = encoded({0: 1, 1: int(time.time() * 1000), 2: 1, 13: os.urandom(8)})
        header = encoded({
            1: -7, 3: 42, 4: self.identifier, 15: {1: self.issuer, 2: f"{self.issuer}/journal/{self.epoch}", 6: int(time.time())},
            16: "vnd.harborseal.batch", 395: 1, FIRST: self.first, COUNT: 1, PREVIOUS: self.previous})
        root = hashlib.sha256(b"\0" + event).digest()
        signature = self.sign(encoded(["Signature1", header, b"", root]))
        statement = encoded(cbor2.CBORTag(18, [header, {}, root, signature]))
        return statement, encoded([1, statement, [event]])

    def accepted(self, statement):
        self.first, self.previous = self.first + 1, hashlib.sha256(statement).digest()

    def hello(self, *certificates):
        return encoded([1, self.epoch, self.first, self.first, None, 1, list(certificates)])
