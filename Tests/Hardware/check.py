#!/usr/bin/env python3
"""Holds Hardware/ against the tools that will read it.

    check.py PATH/TO/harborseal-agent [DEVICE-TREES]

Overlays: each compiles without a word, fits a tree of its board alone and together with the others, with labels and without, and puts there what
expected.py says; trees of other boards are refused. Pages: every agent.conf fragment is accepted by the agent, every link leads somewhere, every overlay is
described, and the outputs that a technician is to expect are the program's. With a folder of device trees (an unpacked linux-image package of Debian) the overlays are also put into the boards' real trees.
The boards themselves are not here: that a pin is where its page says nobody can check by program.
"""

import re
import sys
import tempfile
from pathlib import Path

from expected import EXPECTED
from gateway import run
from issued import FILES, IDENTITY, issue
from outputs import check_outputs

ROOT = Path(__file__).resolve().parents[2]
HARDWARE = ROOT / "Hardware"
OVERLAYS = HARDWARE / "overlays"
BASES = Path(__file__).resolve().parent / "bases"
REAL_TREES = {
    "cm4": "bcm2711-rpi-cm4-io.dtb", "bbb": "am335x-boneblack.dtb", "imx8mm-evk": "imx8mm-evk.dtb",
    "iot2050": "k3-am6548-iot2050-advanced-pg2.dtb", "segin": "imx6ull-phytec-segin-ff-rdk-emmc.dtb",
}

passed, failed = 0, 0


def report(what, problem=None):
    global passed, failed
    if problem is None:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what}: {problem}")


# Overlays.


def board_of(overlay):
    return overlay.rsplit("-", 1)[0]


def compiled(source, target, *options):
    """Compiles, and returns what dtc had to say."""
    done = run("dtc", *options, "-I", "dts", "-O", "dtb", "-o", target, source)
    return done.stderr.strip() or (f"status {done.returncode}" if done.returncode else None)


def property_value(tree, path, name):
    """A property as fdtget prints it: text for text, else decimal numbers; None where there is none."""
    kind = "s" if name in ("compatible", "status", "line-name") else "u"
    done = run("fdtget", "-t", kind, tree, path, name)
    return done.stdout.strip() if done.returncode == 0 else None


def wanted_value(tree, value):
    """The expected value with each reference replaced by that node's number in this tree."""
    return re.sub(r"->(\S+)", lambda match: property_value(tree, match[1], "phandle") or f"no {match[1]}", str(value))


def problem_in(tree, overlay):
    for path, name, value in EXPECTED[overlay]:
        found, wanted = property_value(tree, path, name), wanted_value(tree, value)
        if found != wanted:
            return f"{path}: {name} is {found!r}, not {wanted!r}"
    return None


def nodes(tree, path="/"):
    below = run("fdtget", "-l", tree, path).stdout.split()
    children = [path.rstrip("/") + "/" + name for name in below]
    return {path}.union(*(nodes(tree, child) for child in children))


def apply_script(base, result, overlays):
    return run(OVERLAYS / "apply.sh", base, result, *(OVERLAYS / f"{name}.dtso" for name in overlays))


def check_board(board, work):
    overlays = sorted(name for name in EXPECTED if board_of(name) == board)
    labelled, bare, result = work / f"{board}.dtb", work / f"{board}-bare.dtb", work / "result.dtb"
    report(f"the test's tree of {board}", compiled(BASES / f"{board}.dts", labelled, "-@"))
    compiled(BASES / f"{board}.dts", bare)
    blobs = []
    for name in overlays:
        blob = work / f"{name}.dtbo"
        report(f"{name} compiles without a warning", compiled(OVERLAYS / f"{name}.dtso", blob, "-@"))
        blobs.append(blob)
        done = run("fdtoverlay", "-i", labelled, "-o", result, blob)
        report(f"{name} fits a tree with labels", done.stderr.strip() if done.returncode else problem_in(result, name))
        done = apply_script(bare, result, [name])
        report(f"{name} fits a tree without labels", done.stderr.strip() if done.returncode else problem_in(result, name))
    done = run("fdtoverlay", "-i", labelled, "-o", result, *blobs)
    problems = [done.stderr.strip()] if done.returncode else [problem_in(result, name) for name in overlays]
    report(f"all overlays of {board} fit together", next((problem for problem in problems if problem), None))
    # The compiler's checks of cells, references and addresses see the whole only now.
    said = run("dtc", "-I", "dtb", "-O", "dts", "-o", "/dev/null", result).stderr.splitlines()
    # A label named gpio is taken for a property of that name.
    warnings = [line for line in said if "(gpios_property): /__symbols__:" not in line]
    report(f"the tree of {board} with all overlays raises no warning", "; ".join(warnings) or None)
    lost = nodes(labelled) - nodes(result)
    report(f"the overlays of {board} take nothing away", f"gone: {', '.join(sorted(lost))}" if lost else None)
    return bare


def check_refusals(bare, work):
    result = work / "refused.dtb"
    for board, tree in bare.items():
        other = next(name for name in bare if name != board)
        done = apply_script(tree, result, [f"{other}-i2c"])
        named = done.returncode == 65 and "It has no node for:" in done.stderr and not result.exists()
        report(f"the tree of {board} refuses an overlay for {other}", None if named else f"status {done.returncode}: {done.stderr}")
    (work / "text.dtb").write_text("no device tree\n")
    done = apply_script(work / "text.dtb", result, ["cm4-i2c"])
    report("text is refused as a device tree", None if done.returncode == 65 else f"status {done.returncode}")
    done = apply_script(work / "absent.dtb", result, ["cm4-i2c"])
    report("an absent tree is refused", None if done.returncode == 66 else f"status {done.returncode}")


def check_real_trees(folder, work):
    for board, file in REAL_TREES.items():
        for tree in sorted(folder.rglob(file)):
            overlays = sorted(name for name in EXPECTED if board_of(name) == board)
            done = apply_script(tree, work / "real.dtb", overlays)
            lost = nodes(tree) - nodes(work / "real.dtb") if done.returncode == 0 else None
            report(f"the overlays of {board} fit {tree}", done.stderr.strip() if done.returncode else lost or None)


def check_overlays(work):
    files = {file.stem for file in OVERLAYS.glob("*.dtso")}
    report("every overlay has its expectations", ", ".join(sorted(files ^ set(EXPECTED))) or None)
    bare = {board: check_board(board, work) for board in REAL_TREES}
    check_refusals(bare, work)


# Pages.


def pages():
    return sorted(HARDWARE.rglob("*.md"))


def anchors(page):
    """GitHub's anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def check_links():
    reached = {HARDWARE / "README.md"}
    for page in pages():
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if "://" in target:
                continue
            file, _, anchor = target.partition("#")
            found = (page.parent / file).resolve() if file else page
            reached.add(found)
            known = found.exists() and (not anchor or found.suffix != ".md" or anchor in anchors(found))
            report(f"{page.relative_to(ROOT)} links to {target}", None if known else "leads nowhere")
    for page in pages():
        report(f"{page.relative_to(ROOT)} can be reached", None if page in reached else "no page links to it")
    text = "".join(page.read_text() for page in pages())
    for name in EXPECTED:
        report(f"{name} is described", None if f"{name}.dtso" in text else "no page names it")


def checked_config(agent, text, work):
    """The fragment as the configuration of a gateway whose files lie in a folder of this machine, and whose journal was never begun."""
    if "[identity]" not in text:
        text += f"\n{IDENTITY}[seal]\nkey = /etc/harborseal/seal.key\ncertificate = /etc/harborseal/seal.crt\n"
        text += "[trust]\nfile = /etc/harborseal/alliance.hstrust\n"
    text += f"\n[journal]\ndirectory = {work}/journal\n"
    (work / "agent.conf").write_text(text.replace("/etc/harborseal", str(work / "issued")))
    return run(agent, "check-config", "--config", work / "agent.conf")


def check_fragments(agent, work):
    count = 0
    issue(work / "issued")
    for page in pages():
        for number, text in enumerate(re.findall(r"^```ini\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL), 1):
            count += 1
            name = f"configuration {number} of {page.relative_to(ROOT)}"
            done = checked_config(agent, text, work)
            report(name, done.stderr.strip() if done.returncode else None)
            wrong = checked_config(agent, text + "\nno-such-key = 1\n", work)
            report(f"{name} with a wrong key is refused", None if wrong.returncode == 78 else f"status {wrong.returncode}")
    report("there are configurations to check", None if count else "none found")
    check_missing_files(agent, work)


def check_missing_files(agent, work):
    """Each file that install.md has one put there is missed by name."""
    whole = re.search(r"^```ini\n(.*?)^```", (HARDWARE / "install.md").read_text(), re.MULTILINE | re.DOTALL)[1]
    for name in FILES:
        file = work / "issued" / name
        content, mode = file.read_bytes(), file.stat().st_mode
        file.unlink()
        done = checked_config(agent, whole, work)
        named = done.returncode == 66 and name in done.stderr
        report(f"a gateway without {name} is told so", None if named else f"status {done.returncode}: {done.stderr}")
        file.write_bytes(content)
        file.chmod(mode)
    done = checked_config(agent, whole, work)
    report("with all of them it is sound again", done.stderr.strip() if done.returncode else None)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    agent = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        check_overlays(work)
        if len(sys.argv) > 2:
            check_real_trees(Path(sys.argv[2]), work)
        check_links()
        check_fragments(agent, work)
        check_outputs(agent, HARDWARE / "acceptance.md", work, report)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


main()
