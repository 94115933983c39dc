"""Untrusted text on one line; numbers and tables as text."""

from purenn.text import quote


def test_quote():
    assert [quote(name) for name in ("W1", "", "a b", "a\nb", "\x1b[1m", "\ud800")] == [
        "W1",
        "''",
        "a b",
        "'a\\nb'",
        "'\\x1b[1m'",
        "'\\ud800'",
    ]
    assert len(quote("x" * 10**6)) == 80
