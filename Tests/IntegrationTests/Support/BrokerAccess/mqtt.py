"""An MQTT client that sends whatever it is told to, also what no library would: MQTT 3.1, 3.1.1 and 5 over TLS, byte by byte."""
import select
import socket
import ssl
import struct
import time

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = (
    1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14)
SESSION_EXPIRY, TOPIC_ALIAS, AUTHENTICATION_METHOD, AUTHENTICATION_DATA = 0x11, 0x23, 0x15, 0x16
# Far more than a broker on this machine takes; whoever waits so long has failed.
PATIENCE_SECONDS = 60


class Closed(Exception):
    """The other side refused or ended the connection."""


def number(value):
    """MQTT's variable byte integer."""
    encoded = b""
    while True:
        value, low = divmod(value, 128)
        encoded += bytes([low | (128 if value else 0)])
        if not value:
            return encoded


def text(value):
    return struct.pack("!H", len(value)) + value


class Endpoint:
    """Where the broker listens, and whom its clients trust."""

    def __init__(self, port, authority):
        self.port, self.authority = port, authority

    def tcp(self):
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def context(self, identity=None):
        """- Parameter identity: certificate file, which may hold a chain, and key file."""
        context = ssl.create_default_context(cafile=self.authority)
        if identity:
            context.load_cert_chain(*identity)
        return context

    def tls(self, identity=None, context=None, session=None):
        connection = self.tcp()
        try:
            return (context or self.context(identity)).wrap_socket(connection, server_hostname="localhost", session=session)
        except OSError as error:
            connection.close()
            raise Closed(f"TLS: {error}") from error


class Client:
    """One connection. What was heard is kept in `heard` as (topic, payload, is retained)."""

    def __init__(self, stream, client_id=b"", version=5, clean=True, expiry=0, user=None, password=None, will=None, level=None,
                 properties=b""):
        """- Parameter will: (topic, payload, is retained). - Parameter level: the protocol level to claim in place of the version's."""
        self.stream, self.version, self.heard, self.buffer, self.packet_id = stream, version, [], b"", 0
        flags = (2 if clean else 0) | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
        payload = text(client_id)
        if will:
            topic, content, retained = will
            flags |= 4 | 8 | (0x20 if retained else 0)
            payload += (number(0) if version == 5 else b"") + text(topic) + text(content)
        payload += b"".join(text(part) for part in (user, password) if part is not None)
        if version == 5 and expiry:
            properties += bytes([SESSION_EXPIRY]) + struct.pack("!I", expiry)
        protocol = text(b"MQIsdp" if version == 3 else b"MQTT") + bytes([level or version, flags]) + struct.pack("!H", 60)
        if version == 5:
            protocol += number(len(properties)) + properties
        try:
            self.send(CONNECT, 0, protocol + payload)
            answer = self.wait(CONNACK)
            if answer[1]:
                raise Closed(f"CONNACK {answer[1]}")
        except Closed:
            stream.close()
            raise

    def send(self, kind, flags, body):
        try:
            self.stream.sendall(bytes([kind << 4 | flags]) + number(len(body)) + body)
        except OSError as error:
            raise Closed(str(error)) from error

    def publish(self, topic, payload, qos=1, retain=False, alias=None):
        self.packet_id = self.packet_id % 65_535 + 1
        body = text(topic) + (struct.pack("!H", self.packet_id) if qos else b"")
        if self.version == 5:
            properties = b"" if alias is None else bytes([TOPIC_ALIAS]) + struct.pack("!H", alias)
            body += number(len(properties)) + properties
        self.send(PUBLISH, qos << 1 | retain, body + payload)

    def subscribe(self, topic_filter, options=1):
        """Waits for the answer, and does not look what it says: only deliveries count."""
        self.request(SUBSCRIBE, SUBACK, text(topic_filter) + bytes([options]))

    def unsubscribe(self, topic_filter):
        self.request(UNSUBSCRIBE, UNSUBACK, text(topic_filter))

    def request(self, kind, answer, content):
        self.packet_id = self.packet_id % 65_535 + 1
        self.send(kind, 2, struct.pack("!H", self.packet_id) + (number(0) if self.version == 5 else b"") + content)
        self.wait(answer)

    def fence(self):
        """Returns when the broker has done all that this client sent, and this client has heard all that the broker sent before."""
        self.send(PINGREQ, 0, b"")
        self.wait(PINGRESP)

    def wait(self, wanted):
        """The body of the next packet of this kind; messages that come before it are kept."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            kind, flags, body = self.packet(deadline)
            if kind == PUBLISH:
                self.hear(flags, body)
            elif kind == DISCONNECT:
                raise Closed(f"DISCONNECT {body.hex()}")
            elif kind == wanted:
                return body

    def hear(self, flags, body):
        length = struct.unpack_from("!H", body)[0]
        topic, rest = body[2:2 + length], body[2 + length:]
        if flags & 6:
            rest, packet_id = rest[2:], rest[:2]
            self.send(PUBACK, 0, packet_id)
        if self.version == 5:
            rest = rest[1 + rest[0]:]
        self.heard.append((topic, rest, bool(flags & 1)))

    def packet(self, deadline):
        while True:
            length, size = 0, 1
            while size < len(self.buffer):
                byte = self.buffer[size]
                length |= (byte & 127) << 7 * (size - 1)
                size += 1
                if byte < 128:
                    if len(self.buffer) < size + length:
                        break
                    packet, self.buffer = self.buffer[:size + length], self.buffer[size + length:]
                    return packet[0] >> 4, packet[0] & 15, packet[size:]
            self.fill(deadline)

    def fill(self, deadline):
        remaining = deadline - time.monotonic()
        # The broker's next packet waits for this acknowledgement (Nagle), which would otherwise take its 40 ms.
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if not getattr(self.stream, "pending", int)() and not select.select([self.stream], [], [], max(remaining, 0))[0]:
            raise TimeoutError("the broker does not answer")
        try:
            chunk = self.stream.recv(65_536)
        except OSError as error:
            raise Closed(str(error)) from error
        if not chunk:
            raise Closed("closed")
        self.buffer += chunk

    def take(self):
        """What was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard

    def leave(self):
        """Says good-bye: no last will."""
        try:
            self.send(DISCONNECT, 0, b"")
        except Closed:
            pass
        self.stream.close()

    def drop(self):
        """Goes without a word, as a gateway without power does."""
        self.stream.close()
