"""Rows: memory, processor and wake-ups at one event a second over TLS, three nodes answering; collectd beside it."""
import time

from figures import Figure
from readings import Usage, memory_kib, threads
from workshop import NODES, OURS, Gateway, Workshop, on_cores

PLUGINS = ["cpu", "load", "memory", "df", "uptime", "thermal"]


def run(bench):
    seconds = bench.choose(60, 15)
    workshop = Workshop(bench.folder / "steady")
    try:
        workshop.start_broker()
        workshop.start_nodes()
        start_collectd(workshop)
        gateway = Gateway(workshop)
        slow = observe(bench, gateway, "10 s", seconds)
        gateway.end()
        fast = observe(bench, gateway, "1 s", seconds)
        gateway.end()
        return [memory_figure(fast), processor_figure(slow, "10 s", 0.3, 3), processor_figure(fast, "1 s", 1.0, 8)]
    finally:
        workshop.close(bench.keep)


def start_collectd(workshop):
    """Debian's collectd with the same period, broker and certificates."""
    plugins = "".join(f"LoadPlugin {plugin}\n" for plugin in PLUGINS) + '<Plugin df>\n  MountPoint "/"\n</Plugin>\n'
    configuration = write_collectd_configuration(workshop, workshop.broker_port, plugins)
    workshop.children.start("collectd", [*on_cores(OURS), "collectd", "-f", "-C", configuration])


def write_collectd_configuration(workshop, port, plugins):
    """Reads every second and publishes by the mqtt plugin at QoS 1; `plugins` are the lines of what it reads."""
    home, folder = workshop.folder / "peer", workshop.folder / "collectd"
    folder.mkdir()
    (folder / "collectd.conf").write_text(f"""\
Hostname "peer"
BaseDir "{folder}"
PIDFile "{folder}/pid"
TypesDB "/usr/share/collectd/types.db"
Interval 1
LoadPlugin mqtt
{plugins}
<Plugin mqtt>
  <Publish "bench">
    Host "localhost"
    Port {port}
    ClientId "acme.peer"
    QoS 1
    Prefix "peer"
    CACert "{home}/link-ca.crt"
    CertificateFile "{home}/link.crt"
    CertificateKeyFile "{home}/link.key"
    TLSProtocol "tlsv1.2"
  </Publish>
</Plugin>
""")
    return folder / "collectd.conf"


def observe(bench, gateway, interval, seconds):
    """One agent and collectd over the same seconds: {agent, peer} of (percent, wake-ups, PSS, RSS, threads)."""
    gateway.configure(gateway.health_section(), batches=f"batch-interval = {interval}")
    gateway.start(OURS)
    gateway.wait(f"answers of {len(NODES)} nodes and a quorum", is_settled, 60)
    bench.say(f"steady: batch-interval {interval}, {seconds} s beside collectd")
    pids = {"agent": gateway.pid, "peer": gateway.workshop.children.running["collectd"].pid}
    before = gateway.status()
    usages = {name: Usage(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    found = {name: (*usages[name].since(), *memory_kib(pid), len(threads(pid))) for name, pid in pids.items()}
    after = gateway.status()
    made = after["journal"]["events"] - before["journal"]["events"]
    found["syncs"] = (after["journal"]["syncs"] - before["journal"]["syncs"]) / seconds
    if not seconds * 0.8 <= made <= seconds * 1.3:
        raise RuntimeError(f"{made} events in {seconds} s: the load was not one event a second")
    return found


def is_settled(status):
    return all(node["answered-hello"] for node in status["nodes"]) and status["journal"]["quorum"] > 0


def memory_figure(found):
    (_, _, pss, rss, count), (_, _, peer_pss, peer_rss, peer_count) = found["agent"], found["peer"]
    return Figure(
        what="memory, connected over TLS, 1 event a second",
        ours=f"{pss / 1024:.1f} MiB PSS, {rss / 1024:.1f} MiB RSS, {count} thread",
        peer=f"collectd {peer_pss / 1024:.1f} MiB PSS, {peer_rss / 1024:.1f} MiB RSS, {peer_count} threads",
        target="at most 5 MB PSS, 9 MB RSS, no more than collectd",
        met=pss * 1024 <= 5e6 and rss * 1024 <= 9e6 and pss <= peer_pss and rss <= peer_rss,
        method="/proc/PID/smaps_rollup at the end of the row below; three nodes answer; collectd: mqtt plugin, same broker, TLS "
        "and client certificate, plugins " + " ".join(PLUGINS) + " every second",
        numbers={"memory.pss-kib": pss, "memory.rss-kib": rss, "memory.collectd-pss-kib": peer_pss, "memory.collectd-rss-kib": peer_rss,
                 "memory.pss-of-collectd": round(pss / peer_pss, 3), "memory.rss-of-collectd": round(rss / peer_rss, 3)})


def processor_figure(found, interval, most_percent, most_wakeups):
    percent, woken, *_ = found["agent"]
    peer_percent, peer_woken, *_, peer_threads = found["peer"]
    name = "processor." + interval.replace(" ", "")
    return Figure(
        what=f"processor at 1 event a second, batch-interval {interval}",
        ours=f"{percent:.2f} % of a core, {woken:.1f} wake-ups a second, with {found['syncs']:.1f} syncs",
        peer=f"collectd {peer_percent:.2f} %, {peer_woken:.0f} wake-ups a second, {peer_threads} threads",
        target=f"at most {most_percent:g} %, {most_wakeups} wake-ups a second",
        met=percent <= most_percent and woken <= most_wakeups,
        method="run time of /proc/PID/task/*/schedstat and voluntary context switches over the same seconds; each wait for the medium "
        "in a sync counts as one or more of them; source: health, every second",
        numbers={f"{name}.percent": round(percent, 3), f"{name}.wakeups": round(woken, 2),
                 f"{name}.collectd-percent": round(peer_percent, 3), f"{name}.collectd-wakeups": round(peer_woken, 2)})
