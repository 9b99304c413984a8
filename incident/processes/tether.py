"""What ties a child to its parent: a pipe that closes when the parent dies, and another on which it says that it is ready.

Works without a parent too: then there is nothing to watch and nobody to tell.
"""

from __future__ import annotations

import os
import signal
import threading

PARENT_FD = "INCIDENT_PARENT_FD"
READY_FD = "INCIDENT_READY_FD"
GRACE_SECONDS = 5.0


def watch_parent() -> None:
    """End this process when the parent's end of the pipe is gone: gently first, then at once."""
    descriptor = os.environ.get(PARENT_FD)
    if descriptor:
        threading.Thread(target=_watch, args=(int(descriptor),), name="tether", daemon=True).start()


def _watch(descriptor: int) -> None:
    try:
        while os.read(descriptor, 1):
            pass
    except OSError:
        return  # not inherited: PDEATHSIG alone must do
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_SECONDS)
    os._exit(1)


def tell_ready() -> None:
    """Say once that work has begun."""
    descriptor = os.environ.pop(READY_FD, None)
    if descriptor:
        try:
            os.write(int(descriptor), b"1")
            os.close(int(descriptor))
        except OSError:
            pass  # the parent no longer listens
