"""Ctrl-C that is heard: raised as KeyboardInterrupt, and again where a library swallows it.

Python drops an exception that a callback of its garbage collector or of compiled code raises; an
interrupt that falls into one is lost and the command runs on as if nothing had happened.
"""

import _thread
import signal
import sys
import threading

AGAIN = 0.05  # seconds after which a swallowed interrupt is raised anew


class Stopping:
    """asked: whether Ctrl-C was pressed while the context was open."""

    def __init__(self):
        self.asked = False
        self._handler = self._hook = self._again = None

    def __enter__(self) -> "Stopping":
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGINT, self._stop)
            self._hook, sys.unraisablehook = sys.unraisablehook, self._swallowed
        return self

    def __exit__(self, *_) -> None:
        if self._again is not None:
            self._again.cancel()
        if self._handler is not None:
            sys.unraisablehook = self._hook
            signal.signal(signal.SIGINT, self._handler)

    def _stop(self, *_) -> None:
        self.asked = True
        raise KeyboardInterrupt

    def _swallowed(self, lost) -> None:
        if not (self.asked and issubclass(lost.exc_type, KeyboardInterrupt)):
            self._hook(lost)
        elif self._again is None or not self._again.is_alive():
            self._again = threading.Timer(AGAIN, _interrupt)
            self._again.daemon = True
            self._again.start()


def _interrupt() -> None:
    """A second Ctrl-C, delivered to the main thread even while it waits."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    else:
        _thread.interrupt_main()
