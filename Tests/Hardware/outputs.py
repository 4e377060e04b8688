"""Whether the outputs that Hardware/acceptance.md tells a technician to expect are what the program prints."""

import re

from gateway import TestGateway, run


def expected_lines(page):
    return [line for block in re.findall(r"^```text\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL) for line in block.splitlines()]


def check_phrases(agent, lines, report):
    """Every line is the program's, whether or not it can be had here: the names of checks and fields, and every phrase of some length
    between what is the gateway's own (`<...>`, numbers, paths)."""
    program = agent.read_bytes()
    for line in lines:
        name = re.match(r"(?:ok|warning|PROBLEM)? +([a-z-]+)", line)
        parts = re.split(r"<[^>]*>|\d+|/\S+|, |^(?:ok|warning|PROBLEM)? +[a-z-]+:? | {2,}", line)
        # Up to 15 bytes the compiler may keep a text in instructions, where it cannot be found.
        wanted = [part for part in (part.strip(":; ") for part in parts) if len(part) > 15]
        if name and name[1] != "do":
            wanted.append(name[1])
        missing = [part for part in wanted if part.encode() not in program]
        report(f"acceptance.md: {line.strip()!r}", f"the program never says {', '.join(missing)}" if missing else None)


def as_pattern(line):
    """What a real line must look like: only what is the gateway's own may differ."""
    pieces = re.split(r"(<[^>]*>|\b[0-9a-f]{16}\b|/[^\s:,]+|\d+)", line)
    forms = ((r"<", ".+"), (r"[0-9a-f]{16}$", "[0-9a-f]{16}"), (r"/", r"/[^\s:,]+"), (r"", r"\d+"))
    return "".join(re.escape(piece) if index % 2 == 0 else next(form for sign, form in forms if re.match(sign, piece)) for index, piece in enumerate(pieces))


def check_said(lines, said, where, report):
    """Each of these lines of the page stands in what the program really printed."""
    for line in lines:
        found = any(re.fullmatch(as_pattern(line), real) for real in said)
        report(f"{where} says {line.strip()!r}", None if found else "it said:\n" + "\n".join(said))


def of_check(lines, *checks):
    return [line for line in lines if re.match(rf"(?:ok|warning|PROBLEM) +({'|'.join(checks)})\b(?!-)", line)]


def check_running(agent, lines, work, report):
    """A gateway of this machine with sensors in a folder tree: what doctor, status and journal verify print, while it is well and when two sensors
    are gone. Without broker, nodes, contacts and receiver: their lines are held by the integration tests."""
    gateway = TestGateway(agent, work / "gateway")
    with gateway:
        well = gateway.doctor_until(lambda said: any("readings, the last" in line for line in said) and any("events, the last" in line for line in said))
        fine = [line for line in lines if line.startswith("ok")]
        check_said(of_check(fine, "agent", "journal", "key", "certificate", "trust", "journal-folder", "disk", "socket-folder"), well, "doctor", report)
        check_said([line for line in of_check(fine, "source") if re.search("<(health|thermometer)>", line)], well, "doctor", report)
        clock = [line for line in well if re.match(r"\S+ +clock:", line)]
        report("doctor says one of the page's lines of the clock", None if len(clock) == 1 and any(
            re.fullmatch(as_pattern(line), clock[0]) for line in of_check(lines, "clock")) else clock)
        status = gateway.output("status").splitlines()
        check_said([line for line in lines if re.fullmatch(r"  [a-z-]+ +\d+", line)], status, "status", report)
        gateway.unplug()
        advice = [line for line in lines if line.startswith("         do: check cable")]
        gone = gateway.doctor_until(lambda said: sum("is it unplugged?" in line or "no device" in line for line in said) == 2)
        check_said([line for line in of_check(lines, "source") if line.startswith("PROBLEM")] + advice, gone, "doctor of an unplugged sensor", report)
        for reason in ("the sensor does not answer: is it unplugged?", "no device sht4x in "):
            report(f"doctor says {reason!r}", None if any(reason in line for line in gone) else "\n".join(gone))
        report("a concern names the sensor too", None if any(line.startswith("PROBLEM  concern sensor") for line in gone) else "\n".join(gone))
    verified = gateway.output("journal", "verify").splitlines()
    report("journal verify ends as the page says", None if verified and verified[-1] in lines else verified)
    tests = run(agent, "selftest").stdout.splitlines()
    report("selftest prints nine lines that begin with ok", None if len(tests) == 9 and all(line.startswith("ok") for line in tests) else tests)


def check_outputs(agent, page, work, report):
    lines = expected_lines(page)
    report("there are outputs to expect", None if lines else "none found")
    check_phrases(agent, lines, report)
    check_running(agent, lines, work, report)
