"""A source as a firm would write one: sends lines to the intake socket and keeps each until its answer has come."""
import json
import socket
import threading
import time


class Feeder(threading.Thread):
    """Feeds `lines` over `seconds`, catching up when it is late. While the agent is away it waits, then repeats what has no answer."""

    def __init__(self, socket_path, lines, seconds):
        super().__init__(daemon=True)
        self.socket_path = str(socket_path)
        self.lines = lines
        self.pause = seconds / max(1, len(lines))
        self.answered = 0
        self.errors = []

    def run(self):
        self.begun = time.monotonic()
        while self.answered < len(self.lines):
            try:
                self.feed_from(self.answered)
            except (OSError, EOFError):
                time.sleep(0.2)

    def feed_from(self, first):
        """One connection: lines from `first` on, answers read in order. Raises when the connection ends."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(self.socket_path)
            answers = link.makefile("rb")
            for index in range(first, len(self.lines)):
                link.sendall(self.lines[index].encode() + b"\n")
                answer = answers.readline()
                if not answer.endswith(b"\n"):
                    raise EOFError
                reply = json.loads(answer)
                if "error" in reply:
                    self.errors.append((self.lines[index], reply))
                self.answered = index + 1
                time.sleep(max(0, self.begun + self.answered * self.pause - time.monotonic()))
