"""A TCP proxy that fails as networks do: it cuts connections, or keeps them open and says nothing."""

import contextlib
import socket
import struct
import threading
from typing import Self

TO_SERVER = "to the server"
TO_CLIENT = "to the client"


class Proxy:
    """Forwards ``port`` (a free one unless given) to ``target_port``, both on the loopback, until told otherwise.

    A context manager.
    """

    def __init__(self, target_port: int, port: int = 0) -> None:
        self.target_port = target_port
        self._swallowed: frozenset[str] = frozenset()
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow(self, *directions: str) -> None:
        """From now on bytes in these directions vanish; the connections stay open. None: all flow again.

        What vanished is gone, so a connection that was used meanwhile is of no more use: ``cut`` it.
        """
        self._swallowed = frozenset(directions)

    def cut(self) -> None:
        """Reset every connection; new ones are let through."""
        for connection in list(self._sockets):
            with contextlib.suppress(OSError):
                # Zero seconds of lingering: the peer gets a reset, not a polite end.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                client.close()
                continue
            self._sockets |= {client, server}
            for source, sink, direction in ((client, server, TO_SERVER), (server, client, TO_CLIENT)):
                threading.Thread(target=self._pump, args=(source, sink, direction), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        """One direction of one connection; when either side ends, so does the other."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if direction not in self._swallowed:
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RD)
            end.close()
            self._sockets.discard(end)
