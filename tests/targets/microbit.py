"""A BBC micro:bit emulated by QEMU, with Debian's build of its MicroPython (1.9.2)."""

import os
import select
import subprocess
import time

FIRMWARE = "/usr/share/firmware-microbit-micropython/firmware.hex"
COMMAND = ["qemu-system-arm", "-M", "microbit", "-nographic", "-monitor", "none", "-serial", "stdio"]
_AT_ONCE = 8  # bytes: the emulated serial line drops what comes in larger pieces


class LineLost(RuntimeError):
    """The emulated serial line dropped bytes, as it does on a busy machine."""


class Microbit:
    """``with Microbit() as board``: `copy` a file in, `run` lines of Python in the raw REPL."""

    def __enter__(self):
        self.qemu = subprocess.Popen(
            COMMAND + ["-device", "loader,file=" + FIRMWARE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.received = b""
        try:
            self._until(b">>> ")
            self._send(b"\x03\x01")
            self._until(b"raw REPL; CTRL-B to exit\r\n>")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        self.qemu.kill()
        self.qemu.wait()
        self.qemu.stdin.close()
        self.qemu.stdout.close()

    def copy(self, name, content):
        """Write a file."""
        self.run("f = open(%r, 'wb')" % name)
        for k in range(0, len(content), 64):
            self.run("f.write(%r)" % content[k : k + 64])
        self.run("f.close()")

    def run(self, code):
        """What some code prints; an exception there is a RuntimeError here."""
        self._send(code.encode("ascii") + b"\x04")
        self._until(b"OK")
        printed, error = self._until(b"\x04"), self._until(b"\x04>")
        if error:
            raise RuntimeError(error.decode("ascii", "replace"))
        return printed.decode("ascii").replace("\r\n", "\n")

    def _send(self, data):
        for k in range(0, len(data), _AT_ONCE):
            self.qemu.stdin.write(data[k : k + _AT_ONCE])
            time.sleep(0.004)  # the UART of the board drops what comes faster than a busy machine emulates it

    def _until(self, mark, seconds=20.0):
        """All that the board sends before `mark`."""
        end = time.monotonic() + seconds
        while mark not in self.received:
            ready, _, _ = select.select([self.qemu.stdout], [], [], max(0.0, end - time.monotonic()))
            more = os.read(self.qemu.stdout.fileno(), 4096) if ready else b""
            if not more:
                raise LineLost("the micro:bit sent %r, no %r" % (self.received[-500:], mark))
            self.received += more
        before, _, self.received = self.received.partition(mark)
        return before
