"""Real servers for the tests: private, on free ports, in a directory of their own, gone when the tests are.

Nothing here touches a server of the machine's own, and nothing is left behind, however the test run ends.
"""

import ctypes
import signal
import socket

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody uses; they differ from each other."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def die_with_parent() -> None:
    """For ``Popen(preexec_fn=…)``: the kernel kills the child when this process ends, even by ``kill -9``.

    To the kernel it is the thread that counts: a server started in a thread ends with that thread.
    """
    if _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
