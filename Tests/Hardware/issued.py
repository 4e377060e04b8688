"""What `harborseal device issue` gives a gateway, where that program is not built: keys and certificates by OpenSSL, and the trust file of
WorkedExample.md, which is signed and names the alliance gba-demo with the firm acme."""
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKED_EXAMPLE = ROOT / "Sources/AttestationFormat/AttestationFormat.docc/WorkedExample.md"
KEYS = ("seal.key", "link.key")
FILES = (*KEYS, "seal.crt", "link.crt", "link-ca.crt", "alliance.hstrust")
# Whose these files are, as install.md has it.
IDENTITY = "[identity]\nalliance = gba-demo\nfirm = acme\ndevice = gw-1\n"


def worked_example(name):
    """An object of WorkedExample.md: lines of hex with comments, in which <other> stands for that object's bytes."""
    count, block = re.search(rf"^{name}, (\d+) bytes\n((?:  .*\n)+)", WORKED_EXAMPLE.read_text(), re.MULTILINE).groups()
    words = " ".join(line.partition(";")[0] for line in block.splitlines()).split()
    data = b"".join(worked_example(word[1:-1]) if word.startswith("<") else bytes.fromhex(word) for word in words)
    if len(data) != int(count):
        raise ValueError(f"{name} has {len(data)} bytes, the page says {count}")
    return data


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def issue(folder):
    """Writes FILES for the gateway of IDENTITY."""
    folder.mkdir(parents=True, exist_ok=True)
    for key in ("authority.key", *KEYS):
        openssl(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        (folder / key).chmod(0o600)
    openssl(folder, "req", "-x509", "-key", "seal.key", "-out", "seal.crt", "-days", "365", "-subj", "/O=acme/CN=acme.gw-1",
            "-addext", "subjectAltName=URI:hs:gba-demo/acme.gw-1")
    openssl(folder, "req", "-x509", "-key", "authority.key", "-out", "link-ca.crt", "-days", "3650", "-subj", "/O=gba-demo/CN=link CA")
    openssl(folder, "req", "-new", "-key", "link.key", "-out", "link.csr", "-subj", "/O=acme/CN=acme.gw-1")
    (folder / "extensions").write_text("basicConstraints = CA:FALSE\nextendedKeyUsage = clientAuth\n")
    openssl(folder, "x509", "-req", "-extfile", "extensions", "-in", "link.csr", "-CA", "link-ca.crt", "-CAkey", "authority.key", "-set_serial", "1",
            "-days", "90", "-out", "link.crt")
    for name in ("authority.key", "link.csr", "extensions"):
        (folder / name).unlink()
    (folder / "alliance.hstrust").write_bytes(worked_example("trust-file"))
