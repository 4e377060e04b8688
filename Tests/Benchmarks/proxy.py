"""A TCP relay on loopback that counts the bytes of each direction."""
import selectors
import socket
import threading


class CountingProxy(threading.Thread):
    """Listens on a port of its own and relays to `target`; ``up`` and ``down`` are bytes so far."""

    def __init__(self, target):
        super().__init__(daemon=True)
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.up = self.down = 0
        self.leaving = False

    def run(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.listener, selectors.EVENT_READ)
            while not self.leaving:
                for key, _ in selector.select(0.2):
                    if key.fileobj is self.listener:
                        self._accept(selector)
                    else:
                        self._relay(selector, key.fileobj, *key.data)

    def _accept(self, selector):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(client, selectors.EVENT_READ, (server, True))
        selector.register(server, selectors.EVENT_READ, (client, False))

    def _relay(self, selector, source, target, is_up):
        try:
            data = source.recv(65_536)
            if data:
                target.sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (source, target):
                try:
                    selector.unregister(end)
                except (KeyError, ValueError):
                    pass
                end.close()
        elif is_up:
            self.up += len(data)
        else:
            self.down += len(data)

    def close(self):
        self.leaving = True
        self.join(2)
        self.listener.close()
