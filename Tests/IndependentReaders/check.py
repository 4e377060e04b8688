"""Exchanges messages with the Swift implementation in both directions (WireFormat.md, section 11).

    check.py PATH/TO/ConformanceVectors

What Swift writes, at every batch size from 1 to 64 and at 1,024, is read here: CBOR by cbor2, statements by pycose and cwt,
event-proofs and receipts by scitt-cose. What these libraries write is read by Swift. Everything is tried once as it is, and once
with one bit changed. Leaves with a status other than 0 at the first wrong answer.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import cbor2
import cwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pycose.keys import EC2Key
from pycose.messages import Sign1Message
from scitt_cose import inclusion_proof, merkle_root, sign_sign1, verify_receipt

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SIZES = list(range(1, 65)) + [1024]
FIRM = "hs:gba-demo/acme"
ISSUER = FIRM + ".gw-1"
SUBJECT = ISSUER + "/journal/0123456789abcdef"
PROOFS = 396
INCLUSION = -1


def expect(is_so, what):
    if not is_so:
        sys.exit(f"independent readers: the answer for {what} is wrong")


def changed(data, places=None):
    """One bit changed, at one of the places, which the bytes themselves choose."""
    choice = hashlib.sha256(data).digest()
    places = places or range(len(data))
    result = bytearray(data)
    result[places[int.from_bytes(choice[:4], "big") % len(places)]] ^= 1 << (choice[4] % 8)
    return bytes(result)


def signed(message):
    """Places in the protected header and the signature. RFC 9942 does not sign the size in the proof: a reader that does not
    compare it with the signed labels -70002 and -70005 takes some other sizes too."""
    header = cbor2.loads(message).value[0]
    start = message.index(header)
    return [*range(start, start + len(header)), *range(len(message) - 64, len(message))]


def thumbprint(point):
    """Key id of RFC 9679."""
    return hashlib.sha256(cbor2.dumps({1: 2, -1: 1, -2: point[1:33], -3: point[33:]}, canonical=True)).digest()


class PublicKey:
    """One P-256 key in the form of each library."""

    def __init__(self, point):
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        self.pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        # cwt looks the key up by its kid, which so is compared with the thumbprint made here.
        self.cwt = cwt.COSEKey.new({1: 2, 2: thumbprint(point), 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
        self.pycose = EC2Key(crv="P_256", x=point[1:33], y=point[33:])


# What Swift wrote.


def pycose_accepts(statement, key):
    try:
        message = Sign1Message.decode(statement)
        message.key = key.pycose
        return message.verify_signature()
    except Exception:  # whatever a changed bit makes of it
        return False


def cwt_accepts(statement, key):
    try:
        cwt.COSE.new().decode(statement, key.cwt)
        return True
    except Exception:  # whatever a changed bit makes of it
        return False


def scitt_accepts(receipt, leaf, key):
    return verify_receipt(receipt, leaf_entry_hex=leaf.hex(), log_public_key_pem=key.pem).ok


def check_statement(statement, size, key):
    expect(pycose_accepts(statement, key), f"the statement of {size} by pycose")
    expect(cwt_accepts(statement, key), f"the statement of {size} by cwt")
    for place in (len(statement) - 1, len(statement) - 70, 40):
        bad = bytearray(statement)
        bad[place] ^= 1
        expect(not pycose_accepts(bytes(bad), key), f"the statement of {size}, byte {place} changed, by pycose")
        expect(not cwt_accepts(bytes(bad), key), f"the statement of {size}, byte {place} changed, by cwt")
    header = cbor2.loads(cbor2.loads(statement).value[0])
    expect(header[-70002] == size and header[15][2].startswith(ISSUER + "/journal/"), f"the header of {size} by cbor2")
    expect(cbor2.dumps(cbor2.loads(statement), canonical=True) == statement, f"the encoding of the statement of {size}")
    return header


REGISTRATION = {"vnd.harborseal.registration": ("application/pkix-cert", ISSUER),
                "vnd.harborseal.revocation": ("application/pkix-crl", FIRM + "/revocations")}


def check_registrations(issuing_point, statements):
    """Changed in the header or the signature, and in the payload's last byte."""
    key = PublicKey(issuing_point)
    seen = set()
    for place, statement in enumerate(statements):
        expect(pycose_accepts(statement, key), f"registration {place} by pycose")
        expect(cwt_accepts(statement, key), f"registration {place} by cwt")
        for places in (signed(statement), [len(statement) - 67]):
            bad = changed(statement, places)
            expect(not pycose_accepts(bad, key), f"registration {place}, changed, by pycose")
            expect(not cwt_accepts(bad, key), f"registration {place}, changed, by cwt")
        protected, unprotected, payload, _ = cbor2.loads(statement).value
        header = cbor2.loads(protected)
        content_type, subject = REGISTRATION[header[16]]
        expect(header[3] == content_type and header[4] == thumbprint(issuing_point), f"the header of registration {place}")
        expect(header[15][1] == FIRM and header[15][2] == subject and unprotected == {}, f"the claims of registration {place}")
        expect(cbor2.dumps(cbor2.loads(statement), canonical=True) == statement, f"the encoding of registration {place}")
        seen.add((header[16], len(payload)))
    expect(len(seen) == len(statements) == 6, "the kinds and sizes of registrations")
    print(f"verified by pycose, cwt and cbor2: {len(statements)} registrations and revocations; changed ones refused")


def check_swift(path):
    gateway_point, node_point, batches, registrations = cbor2.loads(path.read_bytes())
    check_registrations(*registrations)
    gateway, node = PublicKey(gateway_point), PublicKey(node_point)
    counts = [0, 0, 0]
    expect([len(events) for _, events, _ in batches] == SIZES, "the batch sizes")
    for statement, events, receipts in batches:
        size = len(events)
        first = check_statement(statement, size, gateway)[-70001]
        for index, (event, proof) in enumerate(events):
            fields = cbor2.loads(event)
            expect(cbor2.dumps(fields, canonical=True) == event, f"the encoding of event {index} of {size}")
            expect(fields[2] == first + index and fields[12]["sequence"] == first + index, f"event {index} of {size}")
            expect(scitt_accepts(proof, event, gateway), f"event-proof {index} of {size}")
            expect(not scitt_accepts(proof, changed(event), gateway), f"event-proof {index} of {size}, event changed")
            expect(not scitt_accepts(changed(proof, signed(proof)), event, gateway), f"event-proof {index} of {size}, changed")
        for receipt in receipts:
            expect(scitt_accepts(receipt, statement, node), f"the receipt of {size}")
            expect(not scitt_accepts(receipt, changed(statement), node), f"the receipt of {size}, statement changed")
            expect(not scitt_accepts(changed(receipt, signed(receipt)), statement, node), f"the receipt of {size}, changed")
        counts = [counts[0] + 1, counts[1] + size, counts[2] + len(receipts)]
    print("verified by pycose, cwt, scitt-cose and cbor2: {} statements, {} event-proofs, {} receipts; "
          "changed ones refused".format(*counts))


# What Swift is to read.


class PrivateKey:
    """One P-256 key that signs by each library."""

    def __init__(self):
        key = ec.generate_private_key(ec.SECP256R1())
        self.point = key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        x, y = self.point[1:33], self.point[33:]
        secret = key.private_numbers().private_value.to_bytes(32, "big")
        self.pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.kid = thumbprint(self.point)
        self.cwt = cwt.COSEKey.new({1: 2, 2: self.kid, 3: -7, -1: 1, -2: x, -3: y, -4: secret})
        self.pycose = EC2Key(crv="P_256", x=x, y=y, d=secret)


def lowered(message):
    """These libraries sign with either s; the format accepts the lower one, which is as valid."""
    s = int.from_bytes(message[-32:], "big")
    return message[:-32] + min(s, ORDER - s).to_bytes(32, "big")


def make_statement(library, key, protected, root):
    if library == "pycose":
        from pycose.algorithms import Es256
        from pycose.headers import Algorithm
        header = {Algorithm: Es256, **{label: value for label, value in protected.items() if label != 1}}
        return lowered(Sign1Message(phdr=header, uhdr={}, payload=root, key=key.pycose).encode())
    if library == "cwt":
        return lowered(cwt.COSE.new().encode_and_sign(root, key.cwt, protected=protected, unprotected={}))
    return lowered(sign_sign1(root, alg="ES256", private_key_pem=key.pem, protected=protected))


def proof_map(size, index, path):
    return {PROOFS: {INCLUSION: [cbor2.dumps([size, index, [bytes.fromhex(node) for node in path]])]}}


def make_event(sequence):
    return cbor2.dumps({
        0: 31, 1: 1795000000000 + sequence, 2: sequence, 4: ["https://id.gs1.org/00/395212340000000175"],
        6: [221987654, -1135432100], 7: [["reefer-air", 1, 4250, {0: -1, 3: 60}], ["door", 13, None]], 11: [7, 8],
        12: {"why": "test", "worst": -2**63}, 99: [{"later": True}]}, canonical=True)


def make_batch(library, gateway, first, size, previous):
    events = [make_event(first + index) for index in range(size)]
    entries = [event.hex() for event in events]
    protected = {
        1: -7, 3: 42, 4: gateway.kid, 15: {1: ISSUER, 2: SUBJECT, 6: 1795000000}, 16: "vnd.harborseal.batch", 395: 1,
        -70001: first, -70002: size, -70003: previous}
    statement = make_statement(library, gateway, protected, bytes.fromhex(merkle_root(entries)))
    header, _, _, signature = cbor2.loads(statement).value
    proofs = []
    for index in range(size):
        unprotected = proof_map(size, index, inclusion_proof(entries, index))
        proofs.append([events[index], cbor2.dumps(cbor2.CBORTag(18, [header, unprotected, None, signature]))])
    return statement, proofs


def make_receipt(node, entries, index, held):
    protected = {
        4: node.kid, 15: {1: "hs:gba-demo/node/hk-1", 2: SUBJECT, 6: 1795000070}, 16: "vnd.harborseal.receipt", 395: 1,
        -70005: len(entries), -70006: "gba-demo/hk-1", -70007: held}
    return lowered(sign_sign1(
        bytes.fromhex(merkle_root(entries)), alg="ES256", private_key_pem=node.pem, protected=protected,
        unprotected=proof_map(len(entries), index, inclusion_proof(entries, index)), detached=True))


def make_python(path):
    gateway, node = PrivateKey(), PrivateKey()
    first, previous, entries, batches = 0, bytes(32), [b"trust file".hex()], []
    for place, size in enumerate(SIZES):
        library = ("pycose", "cwt", "scitt-cose")[place % 3]
        statement, proofs = make_batch(library, gateway, first, size, previous)
        entries.append(statement.hex())
        batches.append([statement, proofs, [make_receipt(node, entries, place + 1, size)]])
        first, previous = first + size, hashlib.sha256(statement).digest()
    for place in (0, 31, 64):
        batches[place][2].append(make_receipt(node, entries, place + 1, SIZES[place]))
    path.write_bytes(cbor2.dumps([gateway.point, node.point, batches, make_registrations()]))


def make_registrations():
    firm, statements = PrivateKey(), []
    for library in ("pycose", "cwt", "scitt-cose"):
        for kind, (content_type, subject) in REGISTRATION.items():
            protected = {1: -7, 3: content_type, 4: firm.kid, 15: {1: FIRM, 2: subject, 6: 1795000000}, 16: kind}
            statements.append(make_statement(library, firm, protected, b"0" * 700))
    return [firm.point, statements]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        swift, python = Path(folder, "swift.cbor"), Path(folder, "python.cbor")
        subprocess.run([sys.argv[1], "write", swift], check=True)
        check_swift(swift)
        make_python(python)
        subprocess.run([sys.argv[1], "read", python], check=True)


if __name__ == "__main__":
    main()
