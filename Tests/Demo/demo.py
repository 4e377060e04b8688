#!/usr/bin/python3
"""A journey from sensor to verdict on loopback, with a broker that dies, a node that stops and a gateway that is killed.

Everything it starts is real and ours or Debian's: mosquitto with TLS and client certificates, three anchoring nodes, the
Embedded Swift agent. It uses the programs that `make debug` and `make agent` built, and leaves its files in .demo."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from processes import Processes, free_port, wait_for
from feeder import Feeder

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".demo"
LOGS = DEMO / "logs"
HARBORSEAL = ROOT / ".build/debug/harborseal"
AGENT = ROOT / ".build-embedded/release/harborseal-agent"
DATA = Path(os.environ.get("TEST_DATA", ROOT / "../shared/data"))
ALLIANCE, FIRM, DEVICE = "gba-demo", "acme", "gw-1"
NODES = ["hk-1", "gz-1", "mo-1"]
SUBJECT = "https://id.gs1.org/00/395212340000000175"
