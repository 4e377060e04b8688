#!/usr/bin/python3
"""Checks the Debian packages that `make deb` built: packed to the same bytes twice, accepted by lintian, installable with dependencies that
apt finds, configured as Hardware/install.md says, and well behaved when they are upgraded, removed and purged. usage: check.py [RELEASE]"""
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from root import Root, changed

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "Tests/Hardware"))
from issued import FILES, issue  # noqa: E402
RELEASE = sys.argv[1] if len(sys.argv) > 1 else "bookworm"
# What each package holds, and what it must depend on.
PROGRAMS = {"harborseal-agent": ("libc6", "libmosquitto1", "libinih1", "libmbedcrypto"), "harborseal-modbus": ("libc6", "libmodbus5", "libinih1", "harborseal-agent")}
SUFFIX = {"bookworm": "deb12", "trixie": "deb13"}[RELEASE]
COUNTS = {"passed": 0, "failed": 0}


def check(what, condition, detail=""):
    COUNTS["passed" if condition else "failed"] += 1
    if not condition:
        print(f"✘ Test {what!r} recorded an issue: {str(detail)[-2000:]}")


def output(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


def package_of(program, architecture):
    """The newest one; older commits' packages may lie beside it."""
    found = sorted((TOP / ".build-packages").glob(f"{program}_*+{SUFFIX}_{architecture}.deb"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit(f"no package {program} for {architecture} on {RELEASE}: run `make deb SUITE={RELEASE}`")
    return found[-1]


def built(program, architecture):
    native = output("dpkg", "--print-architecture").strip() == architecture and f"VERSION_CODENAME={RELEASE}" in Path("/etc/os-release").read_text()
    return TOP / (".build-embedded" if native else f".build-{architecture}-{RELEASE}") / "release" / program


def check_bytes(package, program, architecture, folder):
    name = f"{program} for {architecture}"
    again = output(TOP / "Firmware-Config/debian/build.sh", program, architecture, RELEASE, built(program, architecture),
                   TOP / f".sysroots/{architecture}-{RELEASE}", folder / "again").strip()
    check(f"{name}: a program packed twice gives equal bytes", Path(again).read_bytes() == package.read_bytes())
    listing = output("dpkg-deb", "-c", package).splitlines()
    check(f"{name}: nobody's user id is in the package", all(" root/root " in line for line in listing), listing)
    control = output("dpkg-deb", "-f", package)
    check(f"{name}: control names the architecture", f"Architecture: {architecture}\n" in control)
    depends = re.search(r"^Depends: (.*)$", control, re.M)[1]
    for library in PROGRAMS[program]:
        check(f"{name}: {library} is a dependency", library in depends, depends)


def check_lintian(package):
    result = subprocess.run(["lintian", "--fail-on", "error,warning", "--tag-display-limit", "0", package], capture_output=True, text=True)
    check("lintian has no error and no warning", result.returncode == 0, result.stdout + result.stderr)


def check_sbom(package, program, architecture):
    subject = f"{program} for {architecture}"
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, capture_output=True).stdout
    files = {name: subprocess.run(["tar", "-xO", name], input=data, check=True, capture_output=True).stdout
             for name in (f"./usr/share/doc/{program}/sbom.cdx.json.gz", f"./usr/bin/{program}")}
    text = gzip.decompress(files[f"./usr/share/doc/{program}/sbom.cdx.json.gz"]).decode()
    problem = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    check(f"{subject}: the SBOM is CycloneDX 1.5", problem is None, problem)
    sbom = json.loads(text)
    digest = hashlib.sha256(files[f"./usr/bin/{program}"]).hexdigest()
    check(f"{subject}: the SBOM is of the packaged program", sbom["metadata"]["component"]["hashes"][0]["content"] == digest)
    components = {each["name"]: each for each in sbom["components"]}
    for name in (*(library for library in PROGRAMS[program] if library.startswith("lib")), "embedded Swift standard library"):
        check(f"{subject}: {name} is in the SBOM", any(each.startswith(name) for each in components), components.keys())
    for name, each in components.items():
        notes = {note["name"]: note["value"] for note in each["properties"]}
        check(f"{subject}: the SBOM says until when {name} gets fixes",
              "harborseal:upstream:end-of-support" in notes and (name.startswith("embedded") or re.fullmatch(
                  r"20\d\d-\d\d-\d\d", notes["harborseal:debian:security-fixes-until"])), notes)
    refs = {each["bom-ref"] for each in sbom["components"]} | {sbom["metadata"]["component"]["bom-ref"]}
    named = {ref for entry in sbom["dependencies"] for ref in [entry["ref"], *entry["dependsOn"]]}
    check(f"{subject}: dependencies name components, and each is reached", named == refs, named ^ refs)


def check_installed(root, package, name):
    code, text = root.install(package)
    check(f"{name}: the package installs with the dependencies that apt found", code == 0 and root.state() == "install ok installed", text)
    check(f"{name}: the service's user is made", "\nharborseal:" in root.path("/etc/passwd").read_text(), text)
    code, text = root.run("harborseal-agent", "selftest")
    check(f"{name}: the installed program passes its self-test with the release's libraries", code == 0 and "ok " in text, text)
    code, text = root.run("harborseal-agent", "check-config")
    check(f"{name}: the configuration that comes with it says what is missing", code == 78 and "agent.conf" in text, text)


def fragments(page):
    return re.findall(r"^```ini\n(.*?)^```", (TOP / "Hardware" / page).read_text(), re.MULTILINE | re.DOTALL)


def check_install_page(root, name):
    """Hardware/install.md on an installed package: its commands put files such as the firm issues where it says, its configurations and
    the fragments of sensors.md are those of the gateway, and then nothing is missing."""
    medium, drop_ins = root.path("/media/stick/gw-1"), root.path("/etc/harborseal/agent.conf.d")
    gateway, example = fragments("install.md")
    issue(medium)
    (medium / "agent.conf").write_text(gateway)
    commands = re.search(r"^```sh\n(.*?)^```", (TOP / "Hardware/install.md").read_text(), re.MULTILINE | re.DOTALL)[1]
    for line in commands.splitlines()[1:]:
        code, text = root.run("sh", "-ec", f"{commands.splitlines()[0]}\n{line}")
        check(f"{name}: install.md's {line.split()[-1]} is where {line.split()[0]} puts it", code == 0, text)
    laid = {file: root.path(f"/etc/harborseal/{file}") for file in FILES}
    modes = {file: oct(path.stat().st_mode & 0o777) for file, path in laid.items() if path.exists()}
    check(f"{name}: install.md leaves keys to their owner alone, and every file is there",
          modes == {file: "0o600" if file.endswith(".key") else "0o644" for file in FILES}, modes)
    for what, text in (("its own example", example), ("every fragment of sensors.md together", "\n".join(fragments("sensors.md")))):
        (drop_ins / "20-sensors.conf").write_text(text)
        code, said = root.run("harborseal-agent", "check-config")
        check(f"{name}: install.md's files with {what} are a sound configuration", code == 0 and "20-sensors.conf" in said, said)
    laid["link.key"].chmod(0o644)
    code, said = root.run("harborseal-agent", "check-config")
    check(f"{name}: a key that others may read is told", code == 77 and "link.key: others" in said, said)
    laid["link.key"].chmod(0o600)
    laid["alliance.hstrust"].unlink()
    code, said = root.run("harborseal-agent", "check-config")
    check(f"{name}: a trust file that was forgotten is told", code == 66 and "alliance.hstrust" in said, said)
    for path in (*laid.values(), *drop_ins.iterdir()):
        path.unlink(missing_ok=True)
    shutil.rmtree(root.path("/media"))


def check_life(root, package, folder, name):
    configuration, key = root.path("/etc/harborseal/agent.conf"), root.path("/etc/harborseal/seal.key")
    journal = root.path("/var/lib/harborseal/journal/0000000000000001.hsj")
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_bytes(b"events")
    key.write_bytes(b"key")
    edited = configuration.read_text().replace("#alliance = pearl", "alliance = pearl")
    configuration.write_text(edited)

    code, text = root.install(changed(package, folder, "9.1", lambda tree: None))
    check(f"{name}: an upgrade keeps the edited configuration, the journal and the keys",
          code == 0 and configuration.read_text() == edited and journal.exists() and key.exists(), text)

    def edit(tree):
        with (tree / "etc/harborseal/agent.conf").open("a") as file:
            file.write("# a new key\n")
    code, text = root.install(changed(package, folder, "9.2", edit), "--force-confdef", "--force-confold")
    other = root.path("/etc/harborseal/agent.conf.dpkg-dist")
    check(f"{name}: an upgrade with a new configuration keeps the edited one and lays the new one beside it",
          code == 0 and configuration.read_text() == edited and other.read_text().endswith("# a new key\n"), text)

    code, text = root.run("dpkg", "-r", "harborseal-agent")
    check(f"{name}: removing keeps journal, configuration and keys",
          code == 0 and root.state() == "deinstall ok config-files" and journal.exists() and key.exists() and configuration.exists(), text)
    check(f"{name}: removing takes the program away", not root.path("/usr/bin/harborseal-agent").exists())

    code, text = root.install(package, "--force-confdef", "--force-confold")
    check(f"{name}: installed again, the journal is still there", code == 0 and journal.exists() and configuration.read_text() == edited, text)

    code, text = root.run("dpkg", "-P", "harborseal-agent")
    check(f"{name}: purging deletes the journal and the configuration",
          code == 0 and root.state() == "" and not root.path("/var/lib/harborseal").exists() and not configuration.exists(), text)
    check(f"{name}: purging leaves the keys that the firm issued, and says so", key.exists() and "left there" in text, text)
    left = root.files() - root.before - {"etc/harborseal", "etc/harborseal/seal.key"}
    check(f"{name}: nothing else is left", not left, sorted(left))


def check_modbus(root, package, name):
    """The Modbus reader, in a root where no agent is installed."""
    code, text = root.install(package)
    check(f"{name}: the Modbus reader does not install without the agent", code != 0 and "harborseal-agent" in text, text)
    root.run("dpkg", "-P", "harborseal-modbus")
    root.install(root.agent)
    code, text = root.install(package)
    check(f"{name}: with the agent it installs, and says that it names no device yet",
          code == 0 and root.state("harborseal-modbus") == "install ok installed" and "harborseal-modbus --check" in text, text)
    code, text = root.run("harborseal-modbus", "--check")
    check(f"{name}: the configuration that comes with it says what is missing", code == 78 and "modbus.conf" in text, text)
    configuration = root.path("/etc/harborseal/modbus.conf")
    configuration.write_text(configuration.read_text() + "\n[device.reefer]\ntype = tcp\nhost = 192.0.2.1\n"
                             "[register.air]\ndevice = reefer\naddress = 0\nquantity = temperature\n")
    code, text = root.run("harborseal-modbus", "--check")
    check(f"{name}: a device named behind its examples is a sound configuration", code == 0, text)
    numbers = root.path("/var/lib/harborseal/modbus.numbers")
    numbers.parent.mkdir(parents=True, exist_ok=True)
    numbers.write_text("1000\n")
    code, text = root.run("dpkg", "-r", "harborseal-modbus")
    check(f"{name}: removing it keeps its configuration and its numbers", code == 0 and configuration.exists() and numbers.exists(), text)
    code, text = root.run("dpkg", "-P", "harborseal-modbus", "harborseal-agent")
    check(f"{name}: purging it deletes both", code == 0 and not configuration.exists() and not numbers.exists(), text)


def check_recipes():
    """The descriptions for OpenWrt and Yocto were never built; at least the files that they name are there, but for the program."""
    for recipe, pattern in (
        (next((TOP / "Firmware-Config/openwrt/harborseal-agent").glob("Makefile")), r"\./files/(\S+)"),
        (next((TOP / "Firmware-Config/yocto").rglob("*.bb")), r"file://([a-zA-Z][^\s;$]*)(?:\s|$)"),
    ):
        names = set(re.findall(pattern, recipe.read_text())) - {"harborseal-agent"}
        missing = [name for name in names if not (recipe.parent / "files" / name).exists()]
        check(f"{recipe.name}: each file that it names is there", len(names) >= 2 and not missing, missing)


def main():
    check_recipes()
    with tempfile.TemporaryDirectory(prefix="hs-packages-") as scratch:
        for architecture in ("amd64", "arm64", "armhf"):
            folder = Path(scratch) / architecture
            packages = {program: package_of(program, architecture) for program in PROGRAMS}
            steps = [lambda: check_lives(packages, architecture, folder)]
            for program, package in packages.items():
                print(package.name)
                steps += [
                    lambda program=program, package=package: check_bytes(package, program, architecture, folder),
                    lambda package=package: check_lintian(package),
                    lambda program=program, package=package: check_sbom(package, program, architecture),
                ]
            for step in steps:
                try:
                    step()
                except Exception:
                    check(architecture, False, traceback.format_exc())
    print(f"{COUNTS['passed']} passed, {COUNTS['failed']} failed")
    return 1 if COUNTS["failed"] else 0


def check_lives(packages, architecture, folder):
    agent = packages["harborseal-agent"]
    root = Root(architecture, RELEASE, packages.values(), folder / "root")
    root.agent = agent
    check_installed(root, agent, architecture)
    check_install_page(root, architecture)
    check_life(root, agent, folder, architecture)
    root.path("/etc/harborseal/seal.key").unlink()
    check_modbus(root, packages["harborseal-modbus"], architecture)


if __name__ == "__main__":
    sys.exit(main())
