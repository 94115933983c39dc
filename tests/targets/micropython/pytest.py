"""As much of pytest as the core's tests use, for MicroPython."""


class Skipped(Exception):
    pass


class Failed(AssertionError):
    pass


def skip(reason):
    raise Skipped(reason)


def importorskip(name):
    try:
        return __import__(name)
    except ImportError:
        raise Skipped("MicroPython has no module %s" % name)


class raises:
    """``with raises(ValueError) as caught``; then ``caught.value`` is the exception."""

    def __init__(self, error):
        self.error, self.value = error, None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            raise Failed("did not raise %r" % (self.error,))
        self.value = value
        return issubclass(kind, self.error)


class Parametrized:
    """A test to be called once for each case (a function of MicroPython holds no attributes)."""

    def __init__(self, test, names, cases):
        self.test, self.names, self.cases = test, names, cases

    def calls(self):
        """(label, arguments by name) of every case, those of an inner `parametrize` included."""
        inner = self.test.calls() if isinstance(self.test, Parametrized) else [("", {})]
        for number, case in enumerate(self.cases):
            own = dict(zip(self.names, case if len(self.names) > 1 else (case,)))
            for label, arguments in inner:
                own.update(arguments)
                yield "[%d]%s" % (number, label), own

    def __call__(self, **arguments):
        return self.test(**arguments)


class mark:
    @staticmethod
    def parametrize(names, cases):
        return lambda test: Parametrized(test, [name.strip() for name in names.split(",")], list(cases))
