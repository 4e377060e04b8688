#!/usr/bin/python3
"""Asks a PKCS#11 library for a private key itself, as a thief with the PIN would: its answer as JSON.

key-value.py MODULE TOKEN OBJECT PIN
"""
import ctypes, json, sys

CKU_USER, CKF_SERIAL_SESSION = 1, 4
CKA_CLASS, CKA_LABEL, CKA_VALUE, CKA_SENSITIVE, CKA_EXTRACTABLE = 0, 3, 0x11, 0x103, 0x162
CKO_PRIVATE_KEY = 3
LONG = ctypes.c_ulong


class Attribute(ctypes.Structure):
    _fields_ = [("type", LONG), ("value", ctypes.c_void_p), ("length", LONG)]


def attribute(kind, buffer):
    return Attribute(kind, ctypes.cast(buffer, ctypes.c_void_p), ctypes.sizeof(buffer))


def done(name, *words):
    answer = getattr(library, name)(*words)
    if answer:
        sys.exit(f"{name}: 0x{answer:x}")


module, token, name, pin = sys.argv[1:5]
library = ctypes.CDLL(module)
done("C_Initialize", None)
count = LONG(64)
slots = (LONG * 64)()
done("C_GetSlotList", ctypes.c_ubyte(1), slots, ctypes.byref(count))
for slot in slots[:count.value]:
    facts = ctypes.create_string_buffer(512)
    done("C_GetTokenInfo", LONG(slot), facts)
    if facts.raw[:32].decode().strip() == token:
        break
else:
    sys.exit(f"no token {token}")
session = LONG()
done("C_OpenSession", LONG(slot), LONG(CKF_SERIAL_SESSION), None, None, ctypes.byref(session))
done("C_Login", session, LONG(CKU_USER), pin.encode(), LONG(len(pin)))
kind, label = LONG(CKO_PRIVATE_KEY), (ctypes.c_char * len(name)).from_buffer_copy(name.encode())
wanted = (Attribute * 2)(attribute(CKA_CLASS, (LONG * 1)(CKO_PRIVATE_KEY)), attribute(CKA_LABEL, label))
done("C_FindObjectsInit", session, wanted, LONG(2))
found, count = (LONG * 2)(), LONG()
done("C_FindObjects", session, found, LONG(2), ctypes.byref(count))
done("C_FindObjectsFinal", session)
flags = {}
for flag, number in (("sensitive", CKA_SENSITIVE), ("extractable", CKA_EXTRACTABLE)):
    value = (ctypes.c_ubyte * 1)(9)
    done("C_GetAttributeValue", session, LONG(found[0]), ctypes.byref(attribute(number, value)), LONG(1))
    flags[flag] = value[0]
value = (ctypes.c_ubyte * 256)()
asked = attribute(CKA_VALUE, value)
answer = library.C_GetAttributeValue(session, LONG(found[0]), ctypes.byref(asked), LONG(1))
print(json.dumps({"keys": count.value, "answer": answer, "given": sum(1 for byte in value if byte), **flags}))
