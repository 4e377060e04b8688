"""Children of the demo: started with a log file each, ended by their id, none left behind."""
import os
import random
import signal
import socket
import subprocess
import time


def free_port():
    """A TCP port of the loopback interface that nobody uses now, below those that the kernel gives to clients: while a broker is down, none of
    them gets its port."""
    for port in random.sample(range(10_240, 32_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port on loopback between 10240 and 32000")


def wait_for(what, condition, seconds):
    """Waits until `condition()` is true; raises with `what` after that many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not within {seconds} s")


class Processes:
    def __init__(self, log_folder):
        self.log_folder = log_folder
        self.running = {}

    def start(self, name, command, **options):
        """Starts `command` in a session of its own; output is appended to NAME.log."""
        with open(self.log_folder / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options)
        return self.running[name]

    def is_alive(self, name):
        child = self.running.get(name)
        return child is not None and child.poll() is None

    def end(self, name, with_signal=signal.SIGTERM, seconds=60):
        """Ends one child and waits for it; SIGKILL follows if it does not go."""
        child = self.running.pop(name, None)
        if child is None:
            return
        try:
            os.killpg(child.pid, with_signal)
        except ProcessLookupError:
            pass
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def end_all(self):
        for name in reversed(list(self.running)):
            self.end(name)
