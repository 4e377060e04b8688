"""What really passed the broker: a subscriber of its own, with a client certificate like everybody else's."""
import subprocess
import threading

import cbor2


class Message:
    """One publication as the broker passed it on."""

    def __init__(self, seconds, topic, payload):
        self.seconds, self.topic, self.payload = seconds, topic, payload

    @property
    def channel(self):
        """`batch`, `hello`, `reply` ... or `$SYS` for the broker's own counters."""
        return self.topic.split("/")[4] if self.topic.startswith("hs/") else self.topic.split("/")[0]


def events_of(payload):
    """The events of a batch-message: `[1, statement, [+ event]]` (WireFormat.md, section 4)."""
    return cbor2.loads(payload)[2]


def first_of(payload):
    """(epoch, first sequence) of a batch-message: a repeated batch has the same."""
    header = cbor2.loads(cbor2.loads(cbor2.loads(payload)[1]).value[0])
    return header[15][2].rsplit("/", 1)[1], header[-70001]


class Subscriber:
    """mosquitto_sub with the time of arrival of each message; read by a thread, so that nothing waits for us."""

    def __init__(self, broker, identity, *filters):
        words = ["mosquitto_sub", *broker.client_words(identity), "-F", "%U %t %x", "-q", "1"]
        for topic in filters:
            words += ["-t", topic]
        self.messages = []
        self.child = subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # A row that fails may not come to close(): the workshop's end ends it too.
        broker.subscribers.append(self)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for row in self.child.stdout:
            stamp, topic, payload = row.rstrip(b"\n").split(b" ", 2)
            self.messages.append(Message(float(stamp), topic.decode(), bytes.fromhex(payload.decode())))

    def of(self, channel):
        return [message for message in list(self.messages) if message.channel == channel]

    def batches(self):
        """Batch-messages without repetitions: (seconds, number of events, bytes of the message), in order of arrival."""
        seen, found = set(), []
        for message in self.of("batch"):
            place = first_of(message.payload)
            if place not in seen:
                seen.add(place)
                found.append((message.seconds, len(events_of(message.payload)), len(message.payload)))
        return found

    def counter(self, topic):
        """The newest value of one of the broker's own counters; None before the first."""
        values = [message.payload for message in list(self.messages) if message.topic == topic]
        return int(values[-1]) if values else None

    def close(self):
        # SIGTERM would have it wait for a broker that may be gone.
        self.child.kill()
        self.child.wait()
        self.thread.join(5)
