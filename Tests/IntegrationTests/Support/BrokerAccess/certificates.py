"""Certificates and revocation lists byte by byte, so that they can say what no library would let them say. `openssl` only signs."""
import base64
import datetime
import subprocess

COMMON_NAME, ORGANISATION, UNIT, MAIL, USER_ID = "2.5.4.3", "2.5.4.10", "2.5.4.11", "1.2.840.113549.1.9.1", "0.9.2342.19200300.100.1.1"
UTF8, PRINTABLE, TELETEX, IA5, BMP, UNIVERSAL = 0x0C, 0x13, 0x14, 0x16, 0x1E, 0x1C
CLIENT, SERVER, DOCUMENTS, ANY_USE = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.36", "2.5.29.37.0"


def run(*command, given=None):
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts):
    return der(0x30, *parts)


def identifier(dotted):
    first, second, *rest = map(int, dotted.split("."))
    encoded = bytes([40 * first + second])
    for arc in rest:
        group = [arc & 127]
        while arc := arc >> 7:
            group.append(arc & 127 | 128)
        encoded += bytes(reversed(group))
    return der(0x06, encoded)


def attribute(kind, value, tag=UTF8):
    return sequence(identifier(kind), der(tag, value))


def name(*sets):
    """A name of relative names; each is a list of attributes that stand in one set."""
    return sequence(*(der(0x31, *attributes) for attributes in sets))


def plain_name(organisation, *common_names):
    return name([attribute(ORGANISATION, organisation)], *([attribute(COMMON_NAME, value)] for value in common_names))


def moment(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return der(0x17, when.strftime("%y%m%d%H%M%SZ").encode())


def extension(kind, value, critical=False):
    return sequence(identifier(kind), der(0x01, b"\xff") if critical else b"", der(0x04, value))


def elements(content):
    """The DER elements that stand one after another."""
    while content:
        size, start = content[1], 2
        if size & 0x80:
            start = 2 + (size & 0x7F)
            size = int.from_bytes(content[2:start], "big")
        yield content[:start + size], content[start:start + size]
        content = content[start + size:]


ECDSA_SHA256 = sequence(identifier("1.2.840.10045.4.3.2"))


class Signer:
    """A key, and the name under which it signs."""

    def __init__(self, key, subject, key_id=b"\0" * 20):
        self.key, self.subject, self.key_id = key, subject, key_id
        self.public = run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER")

    @classmethod
    def of(cls, certificate, key):
        """Whom this certificate names."""
        fields = list(elements(next(elements(next(elements(run("openssl", "x509", "-in", certificate, "-outform", "DER")))[1]))[1]))
        return cls(key, fields[5][0], cls.key_identifier(fields[7][1]))

    @staticmethod
    def key_identifier(extensions):
        for _, content in elements(next(elements(extensions))[1]):
            parts = list(elements(content))
            if parts[0][0] == identifier("2.5.29.14"):
                return next(elements(parts[-1][1]))[1]
        return b"\0" * 20

    def sign(self, content):
        signature = run("openssl", "dgst", "-sha256", "-sign", self.key, given=content)
        return sequence(content, ECDSA_SHA256, der(0x03, b"\0" + signature))


def pem(content, kind="CERTIFICATE"):
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (kind.encode(), base64.encodebytes(content), kind.encode())


class Certificate:
    """A certificate as a table of this test writes it down; `pem` is it, followed by what a client sends along."""
    serial = 1_000

    def __init__(self, issuer, subject, public, uri=None, uses=(CLIENT,), days=(-1, 1), authority=False, issuer_name=None, key_id=None,
                 extra=()):
        Certificate.serial += 1
        self.number = Certificate.serial
        self.subject = subject
        extensions = [
            extension("2.5.29.19", sequence(der(0x01, b"\xff")) if authority else sequence(), critical=True),
            extension("2.5.29.15", der(0x03, b"\x01\x06") if authority else der(0x03, b"\x07\x80"), critical=True),
            extension("2.5.29.35", sequence(der(0x80, issuer.key_id if key_id is None else key_id))), *extra]
        if uses:
            extensions.append(extension("2.5.29.37", sequence(*map(identifier, uses))))
        if uri:
            extensions.append(extension("2.5.29.17", sequence(der(0x86, uri))))
        content = sequence(
            der(0xA0, der(0x02, b"\x02")), der(0x02, self.number.to_bytes(2, "big")), ECDSA_SHA256, issuer_name or issuer.subject,
            sequence(moment(days[0]), moment(days[1])), subject, public, der(0xA3, sequence(*extensions)))
        self.pem = pem(issuer.sign(content))


def revocation_list(issuer, serials, number=100):
    """A list in PEM that revokes these serial numbers."""
    entries = [sequence(der(0x02, serial.to_bytes(serial.bit_length() // 8 + 1, "big")), moment(-0.01)) for serial in serials]
    return pem(issuer.sign(sequence(
        der(0x02, b"\x01"), ECDSA_SHA256, issuer.subject, moment(-0.01), moment(1), *([sequence(*entries)] if entries else []),
        der(0xA0, sequence(
            extension("2.5.29.35", sequence(der(0x80, issuer.key_id))), extension("2.5.29.20", der(0x02, bytes([number]))))))), "X509 CRL")
