"""The peer: what one event takes when it is signed by itself, as a COSE_Sign1 by pycose and as a compact JWS of its JSON.

usage: single_messages.py SIGNING-KEY < JSON {"batch": a batch-message in hex, "lines": [its events as JSON texts]}
Prints the mean number of bytes of a message in four forms: with `alg` and `kid` alone, and with the claims of our statement,
without which nobody can tell whether one is missing. Each is verified after it was made."""
import base64
import hashlib
import json
import sys
from pathlib import Path

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pycose.headers import KID, Algorithm
from pycose.keys import EC2Key
from pycose.messages import Sign1Message

key = load_pem_private_key(Path(sys.argv[1]).read_bytes(), None)
point = key.public_key().public_numbers()
seal = EC2Key(crv="P_256", d=key.private_numbers().private_value.to_bytes(32, "big"),
              x=point.x.to_bytes(32, "big"), y=point.y.to_bytes(32, "big"))
given = json.load(sys.stdin)
_, statement, events = cbor2.loads(bytes.fromhex(given["batch"]))
header = cbor2.loads(cbor2.loads(statement).value[0])
KID_LABEL, CLAIMS, FIRST, COUNT, PREVIOUS = 4, 15, -70001, -70002, -70003


def cose(event, protected):
    message = Sign1Message(phdr=protected, payload=event, key=seal).encode()
    again = Sign1Message.decode(message)
    again.key = seal
    if not again.verify_signature():
        raise ValueError("pycose refuses its own signature")
    return len(message)


def text(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def jws(payload):
    compact = {"separators": (",", ":")}
    words = [{"alg": "ES256", "kid": text(header[KID_LABEL])}, payload]
    signed = ".".join(text(json.dumps(word, **compact).encode()) for word in words)
    r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    message = signed + "." + text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    signature = base64.urlsafe_b64decode(message.rsplit(".", 1)[1] + "==")
    numbers = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    key.public_key().verify(encode_dss_signature(*numbers), signed.encode(), ECDSA(SHA256()))
    return len(message)


def claims(number):
    """A batch of one: the header of our statement with this event's place and a `previous` of its own."""
    return {**{label: value for label, value in header.items() if label not in (1, KID_LABEL)}, FIRST: header[FIRST] + number, COUNT: 1,
            PREVIOUS: hashlib.sha256(bytes([number])).digest()}


def json_claims(number):
    found = claims(number)
    return {"iss": found[CLAIMS][1], "sub": found[CLAIMS][2], "iat": found[CLAIMS][6], "first": found[FIRST], "previous": text(found[PREVIOUS])}


bare = {Algorithm: "ES256", KID: header[KID_LABEL]}
sizes = {
    "cose": [cose(event, {**bare, **claims(number)}) for number, event in enumerate(events)],
    "cose-bare": [cose(event, bare) for event in events],
    "jws": [jws({**json_claims(number), "event": json.loads(line)}) for number, line in enumerate(given["lines"])],
    "jws-bare": [jws(json.loads(line)) for line in given["lines"]],
}
print(json.dumps({form: sum(found) / len(found) for form, found in sizes.items()}))
