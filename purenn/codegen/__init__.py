"""A network as lines of Python: what the predictor executes is what the exporter prints.

`plan` chooses an emitter for each layer; `emit` has them write their lines into a `Code`, whose
`Program` can be run here or printed as a module.  A *dialect* says what the lines may use.

An emitter is one module of this package.  It has

    NAME            how it is called in plans, and in ``net.compile(kernel=NAME)``
    ERROR_BOUND     by what share of itself a weighted sum may differ from the reference's: 0.0 or 1e-9
    takes(network, k, dialect)
                    how many layers it takes from layer number k on (the first is 1); where it takes
                    none, the reason, a text that goes on after "layer 2 (Dense 3 -> 1, relu) ", such
                    as "has more than 500000 inputs"
    emit(code, k, *values)
                    writes the lines of the layers it takes and returns their value
    most_multiplications(dialect)
                    how many a network may have for it to take part, where that matters

and a row in `plan.EMITTERS`, which says for what kinds of layer it is tried; `costs.estimate` says what
it is expected to take there, in nanoseconds for a multiplication and its addition.  Emitters are tried
from the cheapest on, and imported only when they are tried.

A *value*, what a layer gives, is either a list of variables, one for each number (``["x0", "x1"]``), or
the name of one variable that holds a row of them, a list or a tuple (``"z1"``).  `Code.names` and
`Code.row` turn each into the other.  Lines never change a variable that holds a value: a later layer may
take it as well.

The first emitter gets the sample, checked: a row of as many numbers as the network takes, all of them
Python's own.  One that looks at the sample itself (is it bytes?) sets READS_SAMPLE = True: then it is called
with "x", whatever the user gave, and writes the check where it wants it, by ``code.check_sample()``.

Lines are written for both dialects alike, with four differences, all of them in `Code`:

- numbers go into a line by ``code.number(w)``;
- what is too long for a line is a constant: ``code.constant(name, value)``, or ``code.computed(name,
  function, *arguments)`` for what a function of `runtime` makes of others when it is first needed;
- functions of `runtime` and `math` are named by ``code.function(f)``;
- what an export may not use is asked of ``code.dialect``: ``is_exported``, then `math` alone, no
  augmented assignment, no name or attribute with a leading underscore.

A program is the function ``predict(x)``, and may have more: what is written inside ``with code.entry("sums(x)"):``
is a function of its own.
"""

from __future__ import annotations

from .plan import planned as plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .plan import Plan
    from .program import Program

__all__ = ["emit", "plan"]


def emit(plan: Plan) -> Program:
    """The program of a plan."""
    from .program import Code

    return Code(plan).program()
