"""A root folder in which packages are installed with that architecture's own dpkg, under PRoot and QEMU: no privileges, and nothing
of this machine changes. PRoot plays root but keeps no owners, so these are not looked at here."""
import ctypes
import platform
import shutil
import struct
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
EMULATORS = {"amd64": None, "arm64": "qemu-aarch64-static", "armhf": "qemu-arm-static"}


def refuse_calls(keeps_owners=True):
    """In the child: the kernel knows neither statx nor faccessat2 any more. PRoot 5.1 does not see those calls, and programs would look at
    files of this machine; QEMU and libc take older calls instead, which PRoot sees. Without `keeps_owners` chown does nothing, and says that
    it did: under root it would otherwise give files away that PRoot's users then do not have."""
    load, equal, give, refused, done, allowed = 0x20, 0x15, 0x06, 0x00050000 | 38, 0x00050000, 0x7FFF0000
    answers = {332: refused, 439: refused} | ({} if keeps_owners else {92: done, 93: done, 94: done, 260: done})
    rules = [(load, 0, 0, 0)]
    for call, answer in answers.items():
        rules += [(equal, 0, 1, call), (give, 0, 0, answer)]
    filter_calls(rules + [(give, 0, 0, allowed)])


def filter_calls(rules):
    """Puts system calls under rules of classic BPF (seccomp(2)), for this process and its children."""
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
    filters = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(filters)), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


class Root:
    def __init__(self, architecture, release, packages, folder):
        self.architecture = architecture
        self.folder = folder
        subprocess.run([HERE / "root.sh", architecture, release, folder, *packages], check=True)
        self.before = self.files()

    def run(self, *words):
        """Runs a program of the root; its exit code and all that it said."""
        command = ["proot", "-0", "-r", self.folder, "-w", "/", "-b", "/proc", "-b", "/dev"]
        if EMULATORS[self.architecture]:
            command += ["-q", shutil.which(EMULATORS[self.architecture])]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        result = subprocess.run(
            command + list(words), env=environment | {"PROOT_TMP_DIR": str(self.folder / "tmp")}, stdin=subprocess.DEVNULL,
            preexec_fn=refuse_calls if platform.machine() == "x86_64" else None,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, errors="replace")
        return result.returncode, result.stdout

    def install(self, package, *options):
        shutil.copy(package, self.folder / "tmp/package.deb")
        return self.run("dpkg", *options, "-i", "/tmp/package.deb")

    def state(self, name="harborseal-agent"):
        """What dpkg says of a package: for example `install ok installed`; empty when it knows nothing."""
        code, text = self.run("dpkg-query", "-W", "-f", "${Status}", name)
        return text.strip() if code == 0 else ""

    def path(self, name):
        return self.folder / name.lstrip("/")

    def files(self):
        """Every file and folder but what dpkg, the user database and caches keep for themselves."""
        own = ("var/lib/dpkg", "var/lib/systemd/deb-systemd-helper", "var/log", "var/cache", "tmp", "etc/passwd", "etc/group",
               "etc/shadow", "etc/gshadow", "etc/.pwd.lock", "dev", "proc", "var/lib/systemd")
        found = (str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))
        return {name for name in found if not name.startswith(own)}


def changed(package, folder, version, edit):
    """The package again with a higher version; `edit` may change its files, which lie unpacked in the folder that it gets."""
    tree = folder / "repacked"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN/control"
    lines = [f"Version: {version}" if line.startswith("Version:") else line for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    edit(tree)
    target = folder / f"changed-{version}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, target], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return target
