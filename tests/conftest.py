"""Settings of the tests: few examples while you work, many in CI; what only CI runs; what CI may not skip."""

import gc
import os
import signal

import pytest
from hypothesis import settings

from purenn import layers

PROFILE = "thorough" if os.environ.get("CI") == "true" else "quick"
settings.register_profile("quick", max_examples=25, deadline=None)
settings.register_profile("thorough", max_examples=200, deadline=None, derandomize=True)
settings.load_profile(PROFILE)

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as a shell leaves it to what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = ["bench", os.path.join("targets", "micropython"), os.path.join("targets", "node_modules")]

LEFT = "left to CI, or to --hypothesis-profile=thorough"

# With PURENN_REQUIRE_TARGETS=1 a test may not be skipped because one of these is missing.
REQUIRED = ("mnist", "micropython", "node", "chromium", "pypy", "pyodide", "micro:bit", "restrictedpython", "mpy-cross")


def pytest_collection_modifyitems(config, items):
    if (config.getoption("hypothesis_profile") or PROFILE) != "thorough":
        for item in items:
            if item.get_closest_marker("thorough"):
                item.add_marker(pytest.mark.skip(reason=LEFT))


@pytest.fixture(scope="module", autouse=True)
def kinds_of_layers():
    """Kinds of layers that the tests of a module register are not known to the next module."""
    before = dict(layers._registered)
    yield
    layers._registered.clear()
    layers._registered.update(before)


def pytest_collection_finish(session):
    """The thousands of tests stay till the end: no collection of garbage needs to look through them again."""
    if hasattr(gc, "freeze"):
        gc.collect()
        gc.freeze()


def pytest_unconfigure(config):
    """The last line: how many tests ran, and how many did not because CI runs them."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or config.option.collectonly:
        return
    left = len([report for report in reporter.stats.get("skipped", []) if LEFT in str(report.longrepr)])
    ran = sum([len(reporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "xfailed")])
    reporter.write_line("%d tests ran, %d were left to CI" % (ran, left))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("PURENN_REQUIRE_TARGETS") == "1":
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if any(word in reason.lower() for word in REQUIRED):
            report.outcome, report.longrepr = "failed", "not to be skipped here: " + reason
