"""Row: the size of the stripped binary and what it links."""
import re
import subprocess
from pathlib import Path

from figures import Figure
from workshop import AGENT, ROOT

BINARIES = {
    "amd64": AGENT,
    "arm64": ROOT / ".build-arm64-bookworm/release/harborseal-agent",
    "armhf": ROOT / ".build-armhf-bookworm/release/harborseal-agent",
}
METHOD = "Tests/Benchmarks/size.sh: llvm-objcopy --strip-all, NEEDED entries; make size fails above the budget, which holds what is reached"
# What the agent is meant to come to; README.md, "Figures".
AIM_BYTES = 384 * 1024


def run(bench):
    figures = []
    for architecture, binary in BINARIES.items():
        if not binary.exists():
            bench.say(f"size: {architecture} is not built (make agents)")
            continue
        figures.append(measure(architecture, binary))
    return figures


def measure(architecture, binary):
    script = Path(__file__).resolve().with_name("size.sh")
    result = subprocess.run([str(script), f"{architecture}-bookworm", str(binary)], capture_output=True, text=True)
    found = re.search(r"(\d+) bytes stripped.*links: (.*)", result.stdout)
    if not found:
        raise RuntimeError(result.stderr.strip() or result.stdout)
    size, libraries = int(found[1]), found[2].split()
    has_other_library = "is not a library" in result.stderr
    return Figure(
        what=f"binary, stripped, {architecture}", ours=f"{size / 1024:.0f} KiB; links {', '.join(libraries)}",
        peer="Greengrass nucleus lite 0.83 to 1.10 MB (not run here)", target=f"at most {AIM_BYTES // 1024} KiB, no other libraries",
        met=size <= AIM_BYTES and not has_other_library, method=METHOD, numbers={f"size.{architecture}": size})
