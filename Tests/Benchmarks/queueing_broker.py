"""The peer of the row `start`: a mosquitto that forwards later, with persistence and messages queued for a subscriber who is away."""
import os
import socket
import time

from workshop import OURS, free_port, is_listening, on_cores, wait_for

GROUP = 100
CONNECT, PUBLISH_AT_LEAST_ONCE, SUBSCRIBE, DISCONNECT = 0x10, 0x32, 0x82, 0xE0
TOPIC = "peer/events"


class QueueingBroker:
    """A broker of its own, without TLS; `start` takes the time as Gateway.start does."""

    def __init__(self, workshop):
        self.children, self.port = workshop.children, free_port()
        self.folder = workshop.folder / "queueing-broker"
        self.folder.mkdir()
        self.queued = 0
        user = "user root\n" if os.geteuid() == 0 else ""
        (self.folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {self.folder}/\n"
            f"max_queued_messages 0\nmax_queued_bytes 0\n{user}")

    def start(self):
        began = time.time()
        self.children.start("queueing-broker", [*on_cores(OURS), "mosquitto", "-c", self.folder / "mosquitto.conf"])
        return began

    def end(self):
        """SIGTERM, upon which it writes what it holds: a queue that it had not read at its start would be missing there."""
        self.children.end("queueing-broker", seconds=60)
        held = (self.folder / "mosquitto.db").stat().st_size
        if held < self.queued:
            raise RuntimeError(f"mosquitto.db has {held} bytes: {self.queued} bytes of messages were not kept")

    def make_backlog(self, count, size):
        """A durable subscriber comes once and stays away; then `count` messages of `size` bytes, each acknowledged."""
        self.start()
        wait_for("the peer's broker", lambda: is_listening(self.port), 10)
        with Client(self.port, "absent", is_clean=False) as subscriber:
            subscriber.subscribe()
        with Client(self.port, "publisher") as publisher:
            for _ in range(count // GROUP):
                publisher.publish([os.urandom(size) for _ in range(GROUP)])
        self.queued = count * size
        self.end()

    def one_start(self, size):
        """Seconds from exec to the acknowledgement of one publication at QoS 1."""
        began, client = self.start(), None
        while client is None:
            try:
                client = Client(self.port, "publisher")
            except ConnectionError:
                if not self.children.is_alive("queueing-broker"):
                    raise RuntimeError("the peer's broker has ended: queueing-broker.log") from None
                time.sleep(0.0005)
        with client:
            client.publish([os.urandom(size)])
            acknowledged = time.time() - began
        self.end()
        return acknowledged


class Client:
    """As much of MQTT 3.1.1 as this takes, over a socket of its own: a client program's start would be in the figure."""

    def __init__(self, port, name, is_clean=True):
        self.link = socket.create_connection(("127.0.0.1", port), 60)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._send(CONNECT, text("MQTT") + bytes([4, 2 if is_clean else 0, 0, 0]) + text(name))
        self._expect(b"\x20\x02", 4)

    def subscribe(self):
        self._send(SUBSCRIBE, b"\0\1" + text(TOPIC) + b"\1")
        self._expect(b"\x90\x03", 5)

    def publish(self, payloads):
        """All of them at once, then their acknowledgements."""
        self.link.sendall(b"".join(
            packet(PUBLISH_AT_LEAST_ONCE, text(TOPIC) + number.to_bytes(2, "big") + payload) for number, payload in enumerate(payloads, 1)))
        for _ in payloads:
            self._expect(b"\x40\x02", 4)

    def _send(self, kind, content):
        self.link.sendall(packet(kind, content))

    def _expect(self, start, size):
        answer = b""
        while len(answer) < size:
            if not (more := self.link.recv(size - len(answer))):
                raise RuntimeError("the peer's broker closed the connection")
            answer += more
        if not answer.startswith(start):
            raise RuntimeError(f"the peer's broker answered {answer.hex()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._send(DISCONNECT, b"")
        self.link.close()


def text(value):
    return len(value).to_bytes(2, "big") + value.encode("ascii")


def packet(kind, content):
    size = bytes([len(content)]) if len(content) < 128 else bytes([len(content) & 127 | 128, len(content) >> 7])
    return bytes([kind]) + size + content
