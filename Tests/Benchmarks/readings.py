"""What the kernel says of a process: memory, processor time, wake-ups, bytes written."""
import time
from pathlib import Path


def memory_kib(pid):
    """(PSS, RSS) of a process, KiB, from /proc/PID/smaps_rollup."""
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":", 1)
        fields[name] = int(value.split()[0])
    return fields["Pss"], fields["Rss"]


def threads(pid):
    return [task.name for task in Path(f"/proc/{pid}/task").iterdir()]


def processor_seconds(pid):
    """Time on a processor, all threads: the scheduler's own nanoseconds, finer than the 10 ms ticks of /proc/PID/stat."""
    total = 0
    for task in threads(pid):
        total += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
    return total / 1e9


def wakeups(pid):
    """Voluntary context switches of all threads: each is one sleep that ended."""
    total = 0
    for task in threads(pid):
        for line in Path(f"/proc/{pid}/task/{task}/status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


def written_bytes(pid):
    """Bytes that the process caused to be sent to the medium, from /proc/PID/io (whole pages of the page cache)."""
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("write_bytes"):
            return int(line.split()[1])
    return 0


class Usage:
    """Processor time and wake-ups of one process between two moments."""

    def __init__(self, pid):
        self.pid = pid
        self.began = time.monotonic(), processor_seconds(pid), wakeups(pid)

    def since(self):
        """(percent of one core, wake-ups a second)."""
        began, processor, woken = self.began
        seconds = time.monotonic() - began
        return 100 * (processor_seconds(self.pid) - processor) / seconds, (wakeups(self.pid) - woken) / seconds
