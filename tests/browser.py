"""Chromium without a window, driven over its DevTools protocol through a pair of pipes.

    with Browser(folder) as browser:
        browser.open("file:///...")
        browser.ask("document.title")

`browser.requests` are the addresses it asked for, `browser.complaints` what its console said.
https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import select
import shutil
import subprocess
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --remote-debugging-pipe"
).split()
PATIENCE = 60.0  # seconds


class Browser:
    """One page of a headless Chromium; `folder` is where it keeps its profile."""

    def __init__(self, folder):
        to_us, ours = os.pipe(), os.pipe()  # it writes to the first, we to the second

        def pipes():  # it reads from 3 and writes to 4
            read, write = os.dup(ours[0]), os.dup(to_us[1])
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [CHROMIUM] + FLAGS + ["--user-data-dir=" + str(folder), "about:blank"],
            preexec_fn=pipes,
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours[0])
        os.close(to_us[1])
        self.reading, self.writing = to_us[0], ours[1]
        self.buffer, self.number, self.session = b"", 0, None
        self.events, self.requests, self.complaints = [], [], []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = [target["targetId"] for target in targets if target["type"] == "page"][0]
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)  # as if it were the window in front

    def __enter__(self):
        return self

    def __exit__(self, *details):
        os.close(self.writing)  # it ends when the pipe does
        os.close(self.reading)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    # ---- messages

    def call(self, method, **parameters):
        """Carry out a command of the protocol; its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                assert "error" not in answer, "%s: %s" % (method, answer["error"])
                return answer["result"]

    def _next(self):
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.reading], [], [], max(0.0, end - time.monotonic()))
            assert ready, "chromium said nothing for %d seconds" % PATIENCE
            received = os.read(self.reading, 1 << 20)
            assert received, "chromium ended"
            self.buffer += received
        line, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(line.decode("utf-8", "surrogatepass"))
        self._note(message.get("method"), message.get("params"))
        return message

    def _note(self, event, details):
        self.events.append(event)
        if event == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
        elif event == "Runtime.consoleAPICalled":
            self.complaints.append(str(details["args"]))
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(str(details["exceptionDetails"]))
        elif event == "Log.entryAdded":
            self.complaints.append(details["entry"]["text"])

    # ---- the page

    def open(self, address, scripts=True):
        """Load a page, with its scripts or without; how many seconds it took until all of it was there."""
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        start = time.monotonic()
        self.events.clear()
        self.call("Page.navigate", url=address)
        while "Page.loadEventFired" not in self.events:
            self._next()
        if scripts:  # until it has been drawn, too
            self.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
        return time.monotonic() - start

    def ask(self, expression):
        """The value of an expression of JavaScript."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key, code=None):
        """Press a key, as a person does."""
        for kind in ("rawKeyDown", "keyUp"):
            virtual = {"Tab": 9, "ArrowDown": 40, "ArrowRight": 39, "ArrowLeft": 37, "ArrowUp": 38, "Enter": 13}[key]
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=virtual)

    def point(self, x, y):
        """Move the mouse."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def view(self, width, height=800, dark=False, media=""):
        """Give the window a size, and the reader a preference for light or dark; `media` "print" is paper."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        preference = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[preference])

    def screenshot(self, whole=True):
        """The page as a PNG, all of it or what is in the window."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def printed(self):
        """The page as it is printed: a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])
