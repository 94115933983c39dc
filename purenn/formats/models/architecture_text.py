"""An architecture in words, as people tell it: "conv 5x5 relu, maxpool 2, dense relu, dense softmax".

Items are separated by commas, words by spaces.  The first word of an item is one of `WORDS`, or the item is an
activation.  Where it has a kernel, that comes next: 5, or 3x5 for rows x cols.  Then settings, each a word and its
value, and at last an activation, where it takes one.  How many inputs, filters and outputs there are is told by
the arrays.
"""

from __future__ import annotations

import re

from ...activation import ALIASES, Activation, all_records
from ...text import did_you_mean, quote
from .named_arrays import listed_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_MOST = 1000  # items


class Word:
    """What may follow the first word of an item: a kernel, some settings, an activation."""

    def __init__(self, kernel: bool = False, settings: tuple[str, ...] = (), activation: bool = False) -> None:
        self.kernel, self.settings, self.activation = kernel, settings, activation


WORDS = {
    "conv": Word(True, ("stride", "padding", "dilation", "groups"), True),
    "conv1d": Word(True, ("stride", "padding", "dilation", "groups"), True),
    "depthwise": Word(True, ("stride", "padding", "dilation"), True),
    "maxpool": Word(True, ("stride", "padding")),
    "avgpool": Word(True, ("stride", "padding")),
    "globalavgpool": Word(),
    "globalmaxpool": Word(),
    "batchnorm": Word(False, ("epsilon",), True),
    "flatten": Word(),
    "dropout": Word(),
    "dense": Word(activation=True),
}


class Item:
    """One item: its first `word` ("activation" for one alone), `kernel`, `settings` and `activation`, as written.

    `number` counts from 1; an error of an item begins with `str(item)`.
    """

    def __init__(self, number: int, text: str) -> None:
        self.number, self.text = number, " ".join(text.split())
        self.settings: dict[str, Any] = {}
        self.kernel: tuple[int, ...] = ()
        self.activation = "identity"
        words = _words(text)
        self.word = words[0].lower() if words else ""
        if self.word not in WORDS:
            self.word, self.activation = "activation", self._activation(text.strip())
            return
        follows, rest = WORDS[self.word], words[1:]
        if follows.kernel:
            self.kernel = self._sizes("its kernel", rest.pop(0) if rest else "")
        while rest and rest[0].lower() in follows.settings:
            name, value = rest.pop(0).lower(), rest.pop(0) if rest else ""
            if name in self.settings:
                self.refuse("%s is given twice" % name)
            self.settings[name] = self._setting(name, value)
        if rest and follows.activation:
            self.activation = self._activation(" ".join(rest))
        elif rest:
            hint = did_you_mean(rest[0], self._known_words())
            self.refuse("unknown word %s%s%s" % (quote(repr(rest[0]), 40), hint, self._known()))

    def refuse(self, why: str) -> NoReturn:
        """Raise an error that names the item."""
        raise ValueError("%s: %s" % (self, why))

    def _known(self) -> str:
        known = WORDS[self.word].settings + (("an activation",) if WORDS[self.word].activation else ())
        return (
            ", known after %s are: %s" % (self.word, ", ".join(known)) if known else ", nothing follows %s" % self.word
        )

    def _known_words(self) -> list[str]:
        """What the unknown word of an item may have been meant to be: a first word, or one that follows this one."""
        follows, names = WORDS.get(self.word), list(all_records()) + list(ALIASES)
        if follows is None:
            return list(WORDS) + names
        return list(follows.settings) + (names if follows.activation else [])

    def _activation(self, text: str) -> str:
        try:
            return Activation(text).name
        except ValueError as error:
            words = _words(text)
            is_known = [word.partition("(")[0].lower() in {**all_records(), **ALIASES} for word in words]
            if len(words) > 1 and is_known[0]:
                self.refuse("unknown word %s behind the activation" % quote(repr(words[1]), 40))
            if not is_known[:1] == [True]:
                word = words[0] if words else ""
                known = "known are %s; and activations: %s" % (", ".join(WORDS), ", ".join(sorted(all_records())))
                known = known if self.word not in WORDS else self._known()[2:]
                hint = did_you_mean(word.partition("(")[0], self._known_words())
                self.refuse("unknown word %s%s, %s" % (quote(repr(word), 40), hint, known))
            self.refuse(str(error))

    def _setting(self, name: str, value: str) -> Any:
        if name == "epsilon":
            return self._epsilon(value)
        if name == "padding" and value.lower() in ("same", "valid"):
            return value.lower()
        if name == "padding" and self.word == "avgpool":
            self.refuse("its padding is same or valid: frameworks differ in whether numbers of it count")
        sizes = self._sizes(name, value, 0 if name == "padding" else 1)
        if name == "groups":
            return sizes[0] if len(sizes) == 1 else self.refuse("groups is one number, found %s" % quote(value, 40))
        return sizes

    def _epsilon(self, value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0.0 <= number < 1.0:
            self.refuse("epsilon is a number from 0 to 1, found %s" % quote(repr(value), 40))
        return number

    def _sizes(self, what: str, text: str, least: int = 1) -> tuple[int, ...]:
        """5 as (5,), 3x5 as (3, 5)."""
        match = re.match(r"[0-9]{1,6}(x[0-9]{1,6})?\Z", text.lower())
        sizes = tuple([int(side) for side in text.lower().split("x")]) if match else ()
        if not sizes or min(sizes) < least:
            example = "a size such as 3 or 3x5" if what != "groups" else "a number"
            self.refuse("%s is %s, found %s" % (what, example, quote(repr(text), 40) if text else "nothing"))
        return sizes

    def __str__(self) -> str:
        return "item %d of the architecture, %s" % (self.number, quote(repr(self.text), 60))


def items_of(text: Any) -> list[Item]:
    """The items of an architecture.

    >>> [(item.word, item.kernel, item.settings, item.activation) for item in items_of("conv 3x5 stride 2 relu, dense")]
    [('conv', (3, 5), {'stride': (2,)}, 'relu'), ('dense', (), {}, 'identity')]
    >>> items_of("conv 3, maxpol 2")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: item 2 of the architecture, 'maxpol 2': unknown word 'maxpol' (did you mean maxpool?), known ...
    """
    if not isinstance(text, str):
        raise TypeError("an architecture is a text, found %s" % quote(repr(text), 40))
    texts = listed_in(text)
    if len(texts) > _MOST:
        raise ValueError("an architecture has up to %d items, found %d" % (_MOST, len(texts)))
    for k, item in enumerate(texts, 1):
        if not item:
            raise ValueError("item %d of the architecture is empty" % k)
    return [Item(k, item) for k, item in enumerate(texts, 1)]


def _words(text: str) -> list[str]:
    """The words of a text; a space inside of brackets does not separate."""
    return re.findall(r"[^\s(]+(?:\([^)]*\)?)?|\S", text)
