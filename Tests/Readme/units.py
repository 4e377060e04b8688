"""systemctl for a machine that has no systemd: what the README starts is started as its unit file says: command, user, folders, and `systemctl start` is
done when the service says READY=1. Timers and paths are watched; a timer's minute takes two seconds."""
import os
import re
import shlex
import socket
import subprocess
import threading
import time
from pathlib import Path

CLIENT = """#!/usr/bin/python3
import socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect("/run/systemctl")
link.sendall("\\0".join(sys.argv[1:]).encode())
link.shutdown(socket.SHUT_WR)
answer = b"".join(iter(lambda: link.recv(65536), b"")).decode()
code, _, words = answer.partition(" ")
sys.stderr.write(words)
sys.exit(int(code))
"""
FOLDERS = ("/etc/systemd/system", "/usr/lib/systemd/system")
READY_SECONDS, MINUTE = 60, 2
# Becomes a user, as far as PRoot lets it, and a program.
AS_USER = ["python3", "-c", "import os, pwd, sys; user = pwd.getpwnam(sys.argv[1]); os.setgid(user.pw_gid); os.setuid(user.pw_uid); os.execv(sys.argv[2], sys.argv[2:])"]


class Failure(Exception):
    pass


class Unit:
    """A unit file's keys, as this machine has it."""

    def __init__(self, machine, name, translate):
        path = next((path for path in (machine.path(f"{folder}/{name}") for folder in FOLDERS) if path.exists()), None)
        if path is None:
            raise Failure(f"Unit {name} could not be found.")
        self.name = name
        self.lines = [tuple(line.split("=", 1)) for line in translate(path.read_text()).splitlines() if re.match(r"[A-Za-z]+=", line)]

    def all(self, key):
        return [value for name, value in self.lines if name == key]

    def get(self, key):
        return (self.all(key) or [""])[-1]


class Units:
    def __init__(self, machine, translate=lambda text: text):
        self.machine, self.translate = machine, translate
        self.services, self.watching, self.faults = {}, {}, []
        self.ended = threading.Event()
        machine.write("/usr/local/bin/systemctl", CLIENT)
        machine.path("/usr/local/bin/systemctl").chmod(0o755)
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(str(machine.path("/run/systemctl")))
        self.door.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                link = self.door.accept()[0]
            except OSError:
                return
            with link:
                words = b"".join(iter(lambda: link.recv(65536), b"")).decode().split("\0")
                try:
                    self.ask(*[word for word in words if not word.startswith("-")], now="--now" in words)
                    answer = "0 "
                except (Failure, subprocess.SubprocessError) as failure:
                    answer = f"1 {failure}\n"
                try:
                    link.sendall(answer.encode())
                except OSError:
                    pass

    def ask(self, verb, *names, now=False):
        if verb not in ("daemon-reload", "enable", "start", "stop", "restart", "reload") or (verb == "daemon-reload") != (not names):
            raise Failure(f"systemctl {verb} {' '.join(names)}: nobody does that here")
        for name in names:
            unit = Unit(self.machine, name if "." in name else f"{name}.service", self.translate)
            if verb in ("stop", "restart"):
                self.stop(unit)
            if verb in ("start", "restart") or (verb == "enable" and now):
                self.start(unit)
            if verb == "reload":
                self.execute(unit, unit.all("ExecReload"))
            if verb == "enable" and not unit.get("WantedBy"):
                raise Failure(f"{unit.name} has no [Install] section")

    def start(self, unit):
        if unit.name.endswith((".path", ".timer")):
            Unit(self.machine, unit.name.rsplit(".", 1)[0] + ".service", self.translate)
            if unit.name not in self.watching:
                self.watching[unit.name] = threading.Thread(target=self.watch, args=(unit,), daemon=True)
                self.watching[unit.name].start()
        elif unit.get("Type") == "oneshot":
            self.execute(unit, unit.all("ExecStart"))
        elif not self.is_alive(unit.name):
            self.execute(unit, unit.all("ExecStartPre"))
            self.serve_unit(unit)
            # With a plus it is root's, which this machine's user is.
            self.execute(unit, [command.removeprefix("+") for command in unit.all("ExecStartPost")])

    def execute(self, unit, commands):
        """Runs a unit's commands, one after the other."""
        for command in commands:
            command = command.replace("$MAINPID", str(self.main_process(unit.name) or ""))
            child = self.machine.launch(shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            said = child.communicate(timeout=60)[0]
            if child.returncode != 0:
                raise Failure(f"{unit.name}: {command} ended with {child.returncode}: {said}")

    def serve_unit(self, unit):
        """Starts a service, and waits until it says that it is ready."""
        user, address = unit.get("User") or "root", f"\0hs-readme-{os.getpid()}-{self.machine.name}-{unit.name}"
        folders = [(folder + unit.get(kind), unit.get(f"{kind}Mode") or "755")
                   for kind, folder in (("StateDirectory", "/var/lib/"), ("RuntimeDirectory", "/run/")) if unit.get(kind)]
        for folder, mode in folders:
            self.execute(unit, [f"install -d -o {user} -g {user} -m {mode} {folder}"])
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, open(self.log(unit.name), "ab") as log:
            told.bind(address)
            told.settimeout(0.2)
            child = self.machine.launch(
                [*AS_USER, user, *shlex.split(unit.get("ExecStart"))],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, environment={"NOTIFY_SOCKET": "@" + address[1:]})
            self.services[unit.name] = child
            deadline = time.monotonic() + READY_SECONDS
            while True:
                try:
                    if b"READY=1" in told.recv(4096):
                        break
                except TimeoutError:
                    pass
                if child.poll() is not None or time.monotonic() > deadline:
                    raise Failure(f"{unit.name} is not ready, {child.poll()}: {self.log(unit.name).read_text()[-2000:]}")

    def log(self, name):
        return self.machine.path(f"/var/log/{name}.log")

    def is_alive(self, name):
        return name in self.services and self.services[name].poll() is None

    def main_process(self, name):
        """The service itself, below PRoot."""
        if not self.is_alive(name):
            return None
        children = Path(f"/proc/{self.services[name].pid}/task/{self.services[name].pid}/children").read_text().split()
        return int(children[0]) if children else None

    def stop(self, unit):
        process = self.main_process(unit.name)
        if process:
            self.execute(unit, [f"/bin/kill -TERM {process}"])
            try:
                self.services[unit.name].wait(30)
            except subprocess.TimeoutExpired:
                raise Failure(f"{unit.name} does not stop within 30 s") from None

    def watch(self, unit):
        """A timer's service again and again; a path's whenever something in its folder changed."""
        service, folder, seen = unit.name.rsplit(".", 1)[0], unit.get("PathChanged"), None
        if folder:
            seen = self.state(folder)
        while not self.ended.wait(0.2 if folder else MINUTE):
            now = self.state(folder) if folder else None
            if folder and now == seen:
                continue
            seen = now
            try:
                self.ask("start", service)
            except (Failure, subprocess.SubprocessError) as failure:
                self.faults.append(f"{time.strftime('%T')} {failure}")

    def state(self, folder):
        return sorted((entry.name, entry.stat().st_mtime_ns) for entry in self.machine.path(folder).iterdir())

    def end(self):
        self.ended.set()
        self.door.close()
        for thread in self.watching.values():
            thread.join(30)
