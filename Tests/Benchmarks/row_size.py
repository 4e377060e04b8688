"""Row: the size of the stripped binary and what it links; the peers that Debian installs beside it."""
import os
import re
import subprocess
import tempfile
from pathlib import Path

from figures import Figure
from workshop import AGENT, ROOT

BINARIES = {
    "amd64": AGENT,
    "arm64": ROOT / ".build-arm64-bookworm/release/harborseal-agent",
    "armhf": ROOT / ".build-armhf-bookworm/release/harborseal-agent",
}
# What runs on a gateway instead: collectd with the plugin that publishes, and a broker that stores and forwards. Of this machine's architecture.
PEERS = {"collectd with mqtt.so": ["/usr/sbin/collectd", "/usr/lib/collectd/mqtt.so"], "mosquitto": ["/usr/sbin/mosquitto"]}
METHOD = ("Tests/Benchmarks/size.sh: llvm-objcopy --strip-all, NEEDED entries; make size fails above the budget, which holds what is reached; "
          "peers: Debian's files, stripped the same way, without what they link. They do less: neither signs, collectd keeps nothing over its end "
          "and each of its sources is one plugin more")
# What the agent is meant to come to; README.md, "Figures".
AIM_BYTES = 384 * 1024


def run(bench):
    figures, beside = [], peers()
    for architecture, binary in BINARIES.items():
        if not binary.exists():
            bench.say(f"size: {architecture} is not built (make agents)")
            continue
        figures.append(measure(architecture, binary, beside))
    return figures


def peers():
    """{name: bytes}; what is not installed is an error, not a row without a peer."""
    found = {}
    with tempfile.NamedTemporaryFile() as stripped:
        for name, files in PEERS.items():
            found[name] = 0
            for file in files:
                subprocess.run([os.environ.get("TOOLCHAIN", "") + "llvm-objcopy", "--strip-all", file, stripped.name], check=True)
                found[name] += Path(stripped.name).stat().st_size
    return found


def measure(architecture, binary, beside):
    script = Path(__file__).resolve().with_name("size.sh")
    result = subprocess.run([str(script), f"{architecture}-bookworm", str(binary)], capture_output=True, text=True)
    found = re.search(r"(\d+) bytes stripped.*links: (.*)", result.stdout)
    if not found:
        raise RuntimeError(result.stderr.strip() or result.stdout)
    size, libraries = int(found[1]), found[2].split()
    has_other_library = "is not a library" in result.stderr
    return Figure(
        what=f"binary, stripped, {architecture}", ours=f"{size / 1024:.0f} KiB; links {', '.join(libraries)}",
        peer=", ".join(f"{name} {byte_count / 1024:.0f} KiB" for name, byte_count in beside.items()) + f" ({os.uname().machine})",
        target=f"at most {AIM_BYTES // 1024} KiB, no other libraries",
        met=size <= AIM_BYTES and not has_other_library, method=METHOD,
        numbers={f"size.{architecture}": size, **{f"size.{name.split()[0]}": byte_count for name, byte_count in beside.items()}})
