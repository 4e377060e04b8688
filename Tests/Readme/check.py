#!/usr/bin/python3
"""Runs README.md's page "Register a device", with the set-up of "By hand" before it: every command in its order, on machines of their own under PRoot, with the real
programs, until a gateway enrolled, had its receipts, got new keys and was revoked. table.py says what is not run word for word; between two commands happens what the
page says in words (files are carried, a configuration is edited, a technician types a text)."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from machine import PROGRAMS, TOP, Machine
from page import PageError, blocks, section
from table import BLOCKS, CODES, DEVICE, ELSEWHERE, FOLDERS, HOSTS, INSTEAD, PORTS
from story import Story
from units import Units

sys.path.append(str(TOP / "Tests/Demo"))
from processes import free_port  # noqa: E402

COUNTS = {"passed": 0, "failed": 0}


def check(what, condition, detail=""):
    COUNTS["passed" if condition else "failed"] += 1
    if not condition:
        print(f"✘ Test {what!r} recorded an issue: {str(detail)[:3000]}", flush=True)


class Reader:
    """Types the page's commands."""

    def __init__(self, folder):
        self.ports = {}
        while len(self.ports) < len(PORTS):
            port = str(free_port())
            if port not in self.ports.values():
                self.ports[PORTS[len(self.ports)]] = port
        self.machines = {name: Machine(name, folder, HOSTS) for name in FOLDERS}
        self.units = {name: Units(machine, self.with_ports) for name, machine in self.machines.items()}
        # Of the page, for those who do the same again.
        self.commands = []

    def with_ports(self, text):
        return re.sub(r":(\d{4})\b", lambda found: ":" + self.ports.get(found[1], found[1]), text)

    def spelled(self, command):
        """What is typed for a command of the page."""
        text = INSTEAD.get(command, command)
        if "curl -sS --fail-with-body" in text:
            text = text.replace(*DEVICE)
        text = text.replace("{now}", time.strftime("%FT%TZ", time.gmtime()))
        for port, free in self.ports.items():
            text = text.replace(f"{{{port}}}", free)
        return self.with_ports(text)

    def type(self, command, machine, answers=()):
        return self.machines[machine].run(self.spelled(command), answers)

    def end(self):
        for units in self.units.values():
            units.end()
        for machine in self.machines.values():
            machine.end()


def rows_without_command(pages):
    """Rows that README.md has outgrown."""
    commands = {command for page in pages for command in page}
    return [row for row in (*BLOCKS, *INSTEAD, *ELSEWHERE, *CODES) if row not in commands]


def run(folder, text):
    pages = [*blocks(section(text, "By hand"))[:1], *blocks(section(text, "Register a device"))]
    for page in pages:
        if page[0] not in BLOCKS:
            raise PageError(f"README.md: no row of Tests/Readme/table.py says on which machine this block is run: {page[0]}")
    check("each row of table.py stands for a command of README.md", not rows_without_command(pages), rows_without_command(pages))
    reader = Reader(folder)
    reader.commands = [command for page in pages for command in page]
    story = Story(reader, check, text)
    try:
        for machine, place in FOLDERS.items():
            reader.type(f"cd {place}", machine)
        for page in pages:
            for command in page:
                machine = ELSEWHERE.get(command, BLOCKS[page[0]])
                begun = time.monotonic()
                answers = story.before(command) or ()
                code, said = reader.type(command, machine, answers)
                check(f"README.md on the {machine}'s machine: {command}", code in CODES.get(command, (0,)), f"it ended with {code}: {said}")
                story.after(command, said)
                if "-v" in sys.argv:
                    print(f"{time.monotonic() - begun:5.1f} s  {machine}: {command}\n{said}", flush=True)
    finally:
        if COUNTS["failed"] or sys.exc_info()[0]:
            print(f"The services said at last:{story.logs()}", flush=True)
        reader.end()


def main():
    for program in PROGRAMS.values():
        if not program.exists():
            raise SystemExit(f"{program} is not built: run `make debug agent`")
    if os.geteuid() != 0:
        # Who asks is told by the kernel, whatever PRoot plays.
        if subprocess.run(["unshare", "--map-root-user", "true"], stderr=subprocess.DEVNULL).returncode != 0:
            print("◇ Test \"README.md's page\" skipped: it needs root, or a user namespace in which it is root\n0 passed, 0 failed, 1 skipped")
            return 0
        os.execvp("unshare", ["unshare", "--map-root-user", sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="hs-readme-", ignore_cleanup_errors=True) as folder:
        try:
            run(Path(folder), (TOP / "README.md").read_text())
        except PageError as failure:
            check("README.md: every command can be run", False, failure)
        except Exception:
            check("README.md: the page to its end", False, traceback.format_exc())
    print(f"{COUNTS['passed']} passed, {COUNTS['failed']} failed, 0 skipped")
    return 1 if COUNTS["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
