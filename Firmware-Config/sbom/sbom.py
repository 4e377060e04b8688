#!/usr/bin/python3
"""Writes a gateway program's software bill of materials as CycloneDX 1.5 JSON: the program, the standard library that is compiled into it,
and every Debian package that it needs at run time, with versions as in the sysroot it was linked with and with the dates until
which they get security fixes (support.json).

The same input gives the same bytes: time and serial number come from the arguments."""
import argparse
import datetime
import hashlib
import json
import re
import subprocess
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMESPACE = uuid.UUID("6f1d0e3c-5a0b-4c55-9a0c-2d4c2f9a7e11")


def packages(sysroot):
    """What the sysroot's packages say of themselves, by name."""
    found = {}
    for paragraph in (sysroot / ".debian/status").read_text().split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*(?:\n .*)*)", paragraph, re.M))
        if "Package" in fields:
            found[fields["Package"]] = fields
    return found


def needed(program, sysroot):
    """Names of the packages that give the libraries which the program names."""
    output = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
    gives = {}
    for line in (sysroot / ".debian/shlibs").read_text().splitlines():
        words = line.split()
        if len(words) > 2 and not line.startswith("udeb:"):
            gives.setdefault((words[0], words[1]), words[2])
    names = set()
    for soname in re.findall(r"\(NEEDED\).*\[(.*)\]", output):
        library, version = re.fullmatch(r"(.*)\.so\.(.*)", soname).groups()
        names.add(gives[library, version])
    return names


def dependencies(fields, known):
    """Names of the packages that one depends on; of alternatives the first that is here."""
    result = set()
    for group in filter(None, re.split(r",\s*", fields.get("Depends", ""))):
        alternatives = [re.split(r"[\s(:]", each.strip())[0] for each in group.split("|")]
        result.update([name for name in alternatives if name in known][:1])
    return result


def closure(names, known):
    """The packages and all that they depend on: {name: names}."""
    graph, open_names = {}, set(names)
    while open_names:
        name = open_names.pop()
        graph[name] = dependencies(known[name], known)
        open_names |= graph[name] - graph.keys()
    return graph


def properties(notes, prefix):
    return [{"name": f"harborseal:{prefix}:{key}", "value": str(value)} for key, value in sorted(notes.items())]


def package_component(fields, arguments, support):
    source = re.split(r"[\s(]", fields.get("Source", fields["Package"]))[0]
    version, name = fields["Version"], fields["Package"]
    upstream = re.sub(r"^\d+:|-[^-]*$", "", version)
    facts = next((facts for facts in support["sources"].get(source, []) if upstream.startswith(facts["versions"])), None)
    component = {
        "type": "library", "bom-ref": reference(fields, arguments), "name": name, "version": version,
        "purl": reference(fields, arguments),
        "supplier": {"name": "Debian"},
        "properties": properties({"source-package": source}, "debian")
        + properties(support["releases"][arguments.release], "debian"),
    }
    if facts:
        component["licenses"] = [{"expression": facts["license"]}]
        component["properties"] += properties({"end-of-support": facts["end-of-support"]}, "upstream")
        component["externalReferences"] = [{"type": "release-notes", "url": facts["stated-at"]}]
    return component


def reference(fields, arguments):
    version = fields["Version"].replace("+", "%2B").replace(":", "%3A")
    return f"pkg:deb/debian/{fields['Package']}@{version}?arch={fields['Architecture']}&distro={arguments.release}"


def document(arguments):
    support = json.loads((HERE / "support.json").read_text())
    known = packages(arguments.sysroot)
    direct = needed(arguments.program, arguments.sysroot)
    graph = closure(direct, known)
    digest = hashlib.sha256(arguments.program.read_bytes()).hexdigest()
    subject = f"pkg:generic/{arguments.name}@{arguments.version.replace('+', '%2B')}?arch={arguments.architecture}"
    swift = support["swift"]
    now = datetime.datetime.fromtimestamp(arguments.time, datetime.timezone.utc)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, subject + digest)}", "version": 1,
        "metadata": {
            "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "lifecycles": [{"phase": "build"}],
            "component": {
                "type": "application", "bom-ref": subject, "name": arguments.name, "version": arguments.version, "purl": subject,
                "licenses": [{"license": {"id": "Apache-2.0"}}], "hashes": [{"alg": "SHA-256", "content": digest}]},
        },
        "components": [swift] + [package_component(known[name], arguments, support) for name in sorted(graph)],
        "dependencies": [
            {"ref": subject, "dependsOn": [swift["bom-ref"]] + [reference(known[name], arguments) for name in sorted(direct)]},
            {"ref": swift["bom-ref"], "dependsOn": []},
        ] + [
            {"ref": reference(known[name], arguments), "dependsOn": [reference(known[other], arguments) for other in sorted(graph[name])]}
            for name in sorted(graph)
        ],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", required=True)
    parser.add_argument("--release", required=True, help="bookworm or trixie")
    parser.add_argument("--sysroot", required=True, type=Path, help="a folder that toolsets/sysroot.sh made")
    parser.add_argument("--program", required=True, type=Path)
    parser.add_argument("--name", required=True, help="the package's and the program's")
    parser.add_argument("--version", required=True)
    parser.add_argument("--time", required=True, type=int, help="seconds since 1970")
    print(json.dumps(document(parser.parse_args()), indent=1))


if __name__ == "__main__":
    main()
