"""Untrusted text on one line; numbers and tables as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purenn.text import did_you_mean, quote

# every character is possible; those that terminals, tables and pages obey are likely
codes = st.one_of(
    st.integers(0, 255),
    st.integers(0x200B, 0x206F),  # zero-width characters, direction marks, separators of lines and paragraphs
    st.sampled_from([0xAD, 0x61C, 0xD800, 0xDFFF, 0xFEFF, 0xFFFE, 0xE0041, 0xE000, 0x732B, 0x1F600]),
    st.integers(0, 0x10FFFF),
)
any_text = st.lists(codes, min_size=0, max_size=30).map(lambda numbers: "".join([chr(number) for number in numbers]))


def is_seen(c):
    """Whether a character has a shape of its own or is a plain space, by its category."""
    if " " <= c <= "~":
        return True
    try:
        from unicodedata import category
    except ImportError:  # on MicroPython nothing but ASCII is
        return False
    return category(c)[0] != "C" and category(c) not in ("Zl", "Zp", "Zs")


@given(text=any_text)
def test_nothing_but_printable_characters_gets_through(text):
    quoted = quote(text)
    assert quoted and all([is_seen(c) for c in quoted])
    if text and all([is_seen(c) for c in text]):
        assert quoted == text
    else:
        assert quoted[0] in "'\"" and eval(quoted) == text


@given(text=any_text, limit=st.integers(4, 20))
def test_long_text_is_cut(text, limit):
    quoted = quote(text, limit)
    assert len(quoted) <= 10 * limit + 2  # each character may become an escape such as \U0001f600
    if len(text) > limit:
        assert quoted.strip("'\"").endswith("...")
        assert quoted == quote(text[: limit - 3] + "...", limit)
    else:
        assert quoted == quote(text)


@pytest.mark.parametrize(
    "text, quoted",
    [
        ("W1", "W1"),
        ("a b", "a b"),
        ("", "''"),
        ("a\nb", "'a\\nb'"),
        ("\x1b[1m", "'\\x1b[1m'"),
        ("a\u202eb", "'a\\u202eb'"),
        ("\ud800", "'\\ud800'"),
        ("x" * 10**6, "x" * 77 + "..."),
        (12, "12"),
        (b"\xff", "b'\\xff'"),
        (None, "None"),
    ],
)
def test_quote(text, quoted):
    assert quote(text) == quoted


def test_readable_letters_stay_readable():
    for text in ("K\u00e4se", "\u732b", "\u0394x \u2264 1", "\U0001f600"):
        assert quote(text) == (text if hasattr(str, "isprintable") else repr(text))


# ---- slips of the keyboard

KNOWN = ["identity", "leaky_relu", "relu", "sigmoid", "softmax", "softplus", "tanh"]


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("slip", [lambda w: w[1:], lambda w: w[:-1], lambda w: w[:2] + w[1:], str.upper])
def test_a_slip_is_near_the_word_that_was_meant(known, slip):
    pytest.importorskip("difflib")
    assert did_you_mean(slip(known), KNOWN) == " (did you mean %s?)" % known


@given(text=any_text)
def test_a_hint_is_a_known_word_or_none(text):
    assert did_you_mean(text, KNOWN) in [""] + [" (did you mean %s?)" % known for known in KNOWN]


@pytest.mark.parametrize("word", ["", "fly", "relu" * 100, None, 7, ["relu"], b"relu"])
def test_what_is_near_no_word_gets_no_hint(word):
    assert did_you_mean(word, KNOWN) == "" == did_you_mean("relu", [])
    assert did_you_mean("x" * 50, ["x" * 49]) == ""  # so long a word is no slip, and would take long to compare
