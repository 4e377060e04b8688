#!/usr/bin/python3
"""Writes journey.ndjson beside this file: one pallet from a plant in Dongguan by reefer to a hospital's depot in Hong Kong.

All names are the samples of GS1 and the BIC's check-digit example; no firm, person or vehicle is real. Times are unique."""
import datetime
import json
import math
from pathlib import Path

PALLET = "https://id.gs1.org/00/395212340000000175"
LINK = "https://id.gs1.org/414/"
BOX = "bic:CSQU3054383"
PLANT, TERMINAL, DEPOT = (LINK + "9521234000013/254/" + name for name in ("plant", "terminal", "depot"))
VACCINES = ["https://id.gs1.org/01/09521234000013/21/" + str(serial) for serial in range(1001, 1009)]
ROUTE = [(23.0207, 113.7518), (22.8890, 113.8790), (22.7300, 113.9200), (22.5930, 113.9100), (22.5040, 113.9450),
         (22.4600, 113.9950), (22.3950, 113.9730), (22.3630, 114.1050), (22.3370, 114.1300)]
START = datetime.datetime(2026, 11, 20, 5, 30, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))


class Journey:
    def __init__(self):
        self.lines = []
        self.numbers = {}

    def add(self, source, seconds, kind, **keys):
        """One line, `seconds` after the start."""
        number = self.numbers.get(source, 0)
        self.numbers[source] = number + 1
        moment = START + datetime.timedelta(seconds=seconds, milliseconds=len(self.lines) % 1000)
        self.lines.append((moment, {
            "source": source, "number": number, "kind": kind, "time": moment.isoformat(timespec="milliseconds"), **keys}))

    def write(self, path):
        self.lines.sort(key=lambda line: line[0])
        path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for _, line in self.lines), encoding="utf-8")


def along_route(share):
    """The place after `share` of the way, between the two corners around it."""
    whole = share * (len(ROUTE) - 1)
    corner = min(int(whole), len(ROUTE) - 2)
    part = whole - corner
    return [round(a + (b - a) * part, 7) for a, b in zip(ROUTE[corner], ROUTE[corner + 1])]


def make():
    journey = Journey()
    journey.add("wms-1", 0, "unit.packed", what=["parent:" + PALLET, *VACCINES], readPoint=PLANT, documents={"desadv": "D-77"})
    journey.add("wms-1", 900, "unit.loaded", what=["parent:" + BOX, PALLET], readPoint=PLANT)
    journey.add("gate-1", 960, "seal.applied", what=[BOX, PALLET], readPoint=PLANT, fields={"seal": "HS-004711"})
    journey.add("tms-1", 1200, "transport.departed", what=[BOX, PALLET], readPoint=PLANT, documents={"destination": DEPOT})
    drive_begins, drive_ends = 1200, 12000
    for index in range(90):
        share = index / 89
        latitude, longitude = along_route(share)
        journey.add("tracker-1", drive_begins + 10 + share * (drive_ends - drive_begins - 20), "transport.position", what=[BOX],
                    position={"latitude": latitude, "longitude": longitude, "accuracy": 4.5}, fields={"fix-mode": 3})
    for index in range(120):
        mean = round(4.6 + 0.9 * math.sin(index / 9), 3)
        journey.add("reefer-1", 905 + index * 110, "condition.summary", what=[BOX, PALLET],
                    readings=[{"sensor": "reefer-air", "quantity": "temperature", "value": mean, "min": round(mean - 0.3, 3),
                               "max": round(mean + 0.35, 3), "mean": mean, "count": 11, "span-ms": 110000}],
                    fields={"expected-count": 11})
    journey.add("gate-2", 7000, "checkpoint.crossed", what=[BOX, PALLET], fields={"control-point": "Shenzhen Bay", "direction": "export"})
    journey.add("gate-3", 7900, "checkpoint.crossed", what=[BOX, PALLET], fields={"control-point": "Shenzhen Bay", "direction": "import"})
    journey.add("tms-1", 12000, "transport.arrived", what=[BOX, PALLET], readPoint=TERMINAL)
    journey.add("gate-4", 12600, "seal.removed", what=[BOX, PALLET], readPoint=DEPOT, fields={"seal": "HS-004711", "reason": "delivery"})
    journey.add("reefer-1", 12630, "door.opened", what=[BOX], fields={"contact": "rear"})
    journey.add("wms-2", 13000, "unit.unloaded", what=["parent:" + BOX, PALLET], readPoint=DEPOT)
    journey.add("reefer-1", 13100, "door.closed", what=[BOX], fields={"contact": "rear"})
    journey.add("wms-2", 13500, "delivery.received", what=[PALLET], readPoint=DEPOT,
                documents={"recadv": "R-1204", "receiver": "https://id.gs1.org/417/9521234000013"}, fields={"co-signature": "00" * 32})
    return journey


if __name__ == "__main__":
    make().write(Path(__file__).with_name("journey.ndjson"))
