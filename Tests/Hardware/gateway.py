"""A gateway on this machine for as long as a check lasts: the real agent, with keys of its own and a folder tree in place of sysfs."""

import shutil
import subprocess
import time

from issued import IDENTITY, issue


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=180, **options)


class TestGateway:
    """An agent with keys of its own and a folder in place of sysfs, for as long as `with` lasts."""

    def __init__(self, agent, folder):
        self.agent, self.folder = agent, folder
        self.chip = folder / "sysfs/class/hwmon/hwmon0"
        self.wire = folder / "sysfs/bus/w1/devices/28-0316a2795bff"
        for place in (self.chip, self.wire):
            place.mkdir(parents=True)
        (self.chip / "name").write_text("sht4x\n")
        (self.chip / "temp1_input").write_text("21500\n")
        scratchpad = "50 01 4b 46 7f ff 0c 10 1c"
        (self.wire / "w1_slave").write_text(f"{scratchpad} : crc=1c YES\n{scratchpad} t=21000\n")
        issue(folder)
        self.config = folder / "agent.conf"
        self.config.write_text(IDENTITY + f"""
[journal]
directory = {folder}/journal
[seal]
key = {folder}/seal.key
certificate = {folder}/seal.crt
[trust]
file = {folder}/alliance.hstrust
[control]
socket = {folder}/control.sock
[source.health]
type = health
period = 1 s
disk = {folder}
[source.cabin-air]
type = hwmon
device = sht4x
period = 200 ms
sysfs = {folder}/sysfs
[sensor.cabin-air]
quantity = temperature
[source.load-core]
type = w1
device = 28-0316a2795bff
period = 1 s
sysfs = {folder}/sysfs
""")

    def __enter__(self):
        self.process = subprocess.Popen([self.agent, "run", "--config", self.config], stderr=(self.folder / "log").open("w"))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)

    def output(self, *command):
        return run(self.agent, *command, "--config", self.config).stdout

    def doctor_until(self, is_said):
        """What doctor says as soon as it says so, or after a minute."""
        for _ in range(240):
            said = self.output("doctor").splitlines()
            if is_said(said):
                break
            time.sleep(0.25)
        return said

    def unplug(self):
        # Nobody answers on the wire: the kernel gives an empty file. A chip whose driver is gone has no folder.
        (self.wire / "w1_slave").write_text("")
        shutil.rmtree(self.chip)
