"""The commands of a page of README.md, in order, as a reader would type them."""
import re


class PageError(Exception):
    """What README.md has that nobody can run."""


def section(text, title):
    """What stands below a heading, up to the next one of its level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise PageError(f"README.md has no section {title!r}")
    return found[1]


def blocks(text):
    """The fenced blocks, each as its commands."""
    return [commands(block) for block in re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def commands(block):
    """One command an item: without its comment, and whole where it goes on in the next line."""
    found, parts = [], []
    for line in block.splitlines():
        words = re.sub(r"(^|\s\s+)#.*$", "", line).rstrip()
        if not words:
            continue
        parts.append(words if not parts else words.strip())
        if words.endswith("\\"):
            parts[-1] = words[:-1].strip()
        elif not words.endswith(("&&", "|")):
            found.append(" ".join(parts))
            parts = []
    if parts:
        raise PageError(f"README.md: a block ends within a command: {' '.join(parts)}")
    return found
