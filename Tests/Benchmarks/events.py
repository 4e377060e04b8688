"""Intake lines that become events of 88 bytes, and a source that hands them in as fast as they are answered."""
import json
import socket
import time

EVENT_BYTE_COUNT = 88


def line(number, source="bench"):
    """One line: where a container is. Position and time vary as a vehicle's do; the row `wire` checks the event's size."""
    seconds = number % 86_400
    return json.dumps({
        "source": source, "number": number, "kind": "transport.position",
        "time": f"2026-11-22T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z", "what": ["bic:CSQU3054383"],
        "position": {
            "latitude": round(22.3 + number % 997 / 10_000, 4), "longitude": round(114.1 + number % 1009 / 10_000, 4),
            "accuracy": 2.5, "altitude": 70.125},
        "fields": {"fix-mode": 3},
    }, separators=(",", ":"))


def write_lines(path, count, first=1):
    """A file of `count` lines for `replay`."""
    with open(path, "w", encoding="ascii") as out:
        for start in range(first, first + count, 10_000):
            out.writelines(line(number) + "\n" for number in range(start, min(start + 10_000, first + count)))
    return path


class Sender:
    """One connection to the intake socket."""

    def __init__(self, path, source="bench"):
        self.source = source
        self.number = 0
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(30)
        self.link.connect(str(path))
        self.answers = self.link.makefile("rb")

    def send(self, count=1):
        """Sends `count` lines at once without waiting."""
        lines = []
        for _ in range(count):
            self.number += 1
            lines.append(line(self.number, self.source) + "\n")
        self.link.sendall("".join(lines).encode("ascii"))

    def answered(self, count=1):
        """Reads `count` answers; raises when a line was refused."""
        for _ in range(count):
            answer = self.answers.readline()
            if b'"sequence"' not in answer:
                raise RuntimeError(f"a line was refused: {answer!r}")

    def rate(self, count, group=512):
        """Lines a second, each answered once it is durable; at most two groups are on their way."""
        began = time.monotonic()
        self.send(group)
        sent, done = group, 0
        while done < count:
            if sent < count:
                self.send(group)
                sent += group
            self.answered(group)
            done += group
        return done / (time.monotonic() - began)

    def close(self):
        self.answers.close()
        self.link.close()
