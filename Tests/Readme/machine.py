"""A machine of the README's: a root folder of its own with this one's programs, in which a shell runs what is written there, word for word and as root.
PRoot plays root, so that nothing needs a privilege and nothing outside the folder changes."""
import codecs
import fcntl
import functools
import os
import platform
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "Tests/Packages"))
from root import refuse_calls  # noqa: E402

CHECKOUT = "/srv/harborseal"
PROGRAMS = {"harborseal": TOP / ".build/debug/harborseal", "harborseal-agent": TOP / ".build-embedded/release/harborseal-agent"}
# Folders below /usr into which the README installs something: each machine has its own.
OWN = ("/usr/lib/sysusers.d", "/usr/lib/tmpfiles.d", "/usr/lib/systemd/system", "/usr/local")
# Folders that the README finds on every machine.
THERE = ("etc/systemd/system", "var/lib/mosquitto", "var/log", "run", "tmp", "root", "proc", "dev", "usr", "media/stick")
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", "TERM": "xterm", "NO_COLOR": "1"}
USERS = "root:x:0:0:root:/root:/bin/bash\nmosquitto:x:800:800::/var/lib/mosquitto:/usr/sbin/nologin\n"
# Each command ends with its exit code between two separators that no program prints.
LOOP = "shopt -s expand_aliases; while IFS= read -r -d '' words <&3; do eval \"$words\" 3<&-; printf '\\036%d\\036' $?; done"


@functools.cache
def library_folders():
    """Where the toolchain keeps what the programs are linked with, outside /usr."""
    listing = "".join(subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout for program in PROGRAMS.values())
    folders = {str(Path(path).parent) for path in re.findall(r"=> (/\S+)", listing)}
    return sorted(folder for folder in folders if not folder.startswith(("/lib", "/usr")))


class Machine:
    def __init__(self, name, folder, hosts):
        self.name = name
        self.root = folder / name
        self.children = []
        for part in (*THERE, CHECKOUT[1:]):
            (self.root / part).mkdir(parents=True)
        for part in ("bin", "sbin", "lib", "lib64"):
            if Path("/", part).exists():
                (self.root / part).symlink_to(f"usr/{part}")
        for part in OWN:
            (self.root / "own" / part[1:]).mkdir(parents=True)
        for part in ("bin", "sbin"):
            (self.root / "own/usr/local" / part).mkdir()
        shutil.copy("/etc/ld.so.cache", self.root / "etc")
        for part in ("alternatives", "pam.d", "security", "ssl"):
            shutil.copytree(Path("/etc", part), self.root / "etc" / part, symlinks=True, ignore=shutil.ignore_patterns("private", "opasswd"))
        self.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
        self.write("/etc/passwd", USERS)
        self.write("/etc/group", "root:x:0:\nmosquitto:x:800:\n")
        self.write("/etc/shadow", "root:*:1::::::\n")
        self.write("/etc/hosts", f"127.0.0.1 localhost {' '.join(hosts)}\n")
        self.shell = None

    def path(self, name):
        """Where a file of this machine lies."""
        own = next((part for part in OWN if name == part or name.startswith(part + "/")), None)
        return self.root / "own" / name[1:] if own else self.root / name.lstrip("/")

    def write(self, name, text):
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)

    def read(self, name):
        return self.path(name).read_text()

    def launch(self, words, **options):
        """Starts a program of this machine, in a session of its own."""
        binds = ["/proc", "/dev", "/usr", f"{TOP}:{CHECKOUT}", *library_folders()]
        binds += [f"{self.root}/own{part}:{part}" for part in OWN] + [f"{path}:/usr/bin/{name}" for name, path in PROGRAMS.items()]
        binds += [f"{path}:/usr/bin/{path.name}" for path in self.path("/usr/local/bin").iterdir() if Path("/usr/bin", path.name).exists()]
        command = ["proot", "-0", "-r", str(self.root), "-w", "/root", *(word for bind in binds for word in ("-b", bind)), *words]
        environment = ENVIRONMENT | {"PROOT_TMP_DIR": str(self.root / "tmp")} | options.pop("environment", {})
        prepare = options.pop("prepare", lambda: None)

        def before():
            prepare()
            if platform.machine() == "x86_64":
                refuse_calls(keeps_owners=False)
        child = subprocess.Popen(command, env=environment, start_new_session=True, preexec_fn=before, **options)
        self.children.append(child)
        return child

    def run(self, command, answers=(), seconds=60):
        """What one command of the shell ends with, and all that it says on the terminal. `answers`: what is typed, each once its question stands there."""
        if self.shell is None:
            self.shell = Shell(self)
        return self.shell.run(command, list(answers), seconds)

    def end(self):
        for child in reversed(self.children):
            for end in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(child.pid, end)
                    child.wait(5)
                    break
                except ProcessLookupError:
                    child.wait()
                    break
                except subprocess.TimeoutExpired:
                    pass
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Shell:
    """A login of root's: bash at a terminal, so that whatever asks is answered as a person does. Folder, aliases and variables stay from command to command."""

    def __init__(self, machine):
        self.terminal, terminal = pty.openpty()
        settings = termios.tcgetattr(terminal)
        settings[1] &= ~termios.OPOST
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(terminal, termios.TCSANOW, settings)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        reading, self.commands = os.pipe()

        def prepare():
            fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
            os.dup2(reading, 3)
        self.child = machine.launch(["bash", "--norc", "-c", LOOP], stdin=terminal, stdout=terminal, stderr=terminal, prepare=prepare, pass_fds=(3, reading))
        os.close(terminal)
        os.close(reading)

    def run(self, command, answers, seconds):
        os.write(self.commands, command.encode() + b"\0")
        said, looked_at, deadline = "", 0, time.monotonic() + seconds
        reader = codecs.getincrementaldecoder("utf-8")(errors="replace")
        while True:
            ended = re.search("\036(\\d+)\036", said)
            if ended:
                return int(ended[1]), said[:ended.start()]
            if answers and answers[0][0] in said[looked_at:]:
                looked_at = len(said)
                os.write(self.terminal, answers.pop(0)[1].encode())
            if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"{command}: no end within {seconds} s, after {said!r}")
            said += reader.decode(os.read(self.terminal, 65536))
