"""Recorded input: a GNSS receiver's log played to gpsd by gpsfake, and a real office's temperatures as intake lines."""
import csv
import json
import shutil
import time

from processes import free_port


def temperature_lines(folder, count):
    """The first `count` hourly readings, degrees Fahrenheit as recorded, in degrees Celsius to the milli-degree; [] where absent."""
    files = sorted(folder.glob("*.csv"))
    if not files:
        return []
    lines = []
    with open(files[0], newline="", encoding="utf-8") as rows:
        for number, row in enumerate(csv.DictReader(rows)):
            if number == count:
                break
            celsius = round((float(row["value"]) - 32) * 5 / 9, 3)
            lines.append(json.dumps({
                "source": "office-sensor", "number": number, "kind": "condition.summary",
                "time": row["timestamp"].replace(" ", "T") + "Z",
                "readings": [{"sensor": "office", "quantity": "temperature", "value": celsius, "min": celsius, "max": celsius,
                              "mean": celsius, "count": 1, "span-ms": 3600000}],
                "fields": {"expected-count": 1}}))
    return lines


class Receiver:
    """Debian's gpsd, fed by gpsfake with a recording."""

    def __init__(self, children, recording):
        self.children = children
        self.recording = recording

    def start(self):
        """Starts it; the port on which gpsd answers, or None without recording or programs."""
        if not self.recording.exists() or not shutil.which("gpsfake"):
            return None
        port = free_port()
        self.children.start("gpsd", ["gpsfake", "-q", "-n", "-c", "0.05", "-P", port, self.recording])
        time.sleep(0.5)
        return port

    def stop(self):
        self.children.end("gpsd")
