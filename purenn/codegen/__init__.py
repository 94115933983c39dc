"""A network as lines of Python: the predictor executes them, the exporter prints them.

`plan` chooses an emitter for each layer; `emit` lets them write their lines into a `Code`, whose
`Program` can be run here or printed as a module.  A *dialect* says what the lines may use.

An emitter is one module of this package.  It has

    NAME            its name in plans, and in ``net.compile(kernel=NAME)``
    ERROR_BOUND     by what share of itself a weighted sum may differ from the reference's: 0.0 or 1e-9
    takes(network, k, dialect)
                    how many layers it takes from layer number k on (the first is 1); or the reason
                    why it takes none, the end of a sentence such as "layer 2 (Dense 3 -> 1, relu)
                    has more than 500000 inputs"
    emit(code, k, *values)
                    writes the lines of its layers and returns their value
    most_multiplications(dialect)
                    how many a network may have at most, if there is a limit

and a row in `plan.EMITTERS` for the kinds of layer that it is tried for.  `costs.estimate` gives its
expected run time.  Emitters are tried from the cheapest on, and imported when they are tried.

A *value*, the output of a layer, is either a list of variables, one for each number (``["x0", "x1"]``), or
the name of one variable that holds a row of them, a list or a tuple (``"z1"``).  `Code.names` and
`Code.row` turn each into the other.  Lines never change a variable that holds a value, because a later layer may
take it too.

The first emitter gets the checked sample: a row of `network.inputs` numbers of Python's own types.  An
emitter that looks at the sample itself (is it bytes?) sets READS_SAMPLE = True: then it is called with
"x", the sample as the user gave it, and writes the check itself, by ``code.check_sample()``.

The same lines serve both dialects; `Code` hides the four differences:

- a number in a line is written by ``code.number(w)``;
- a list is a constant: ``code.constant(name, value)``, or ``code.computed(name, function,
  *arguments)`` for the result of a function of `runtime`, computed on first use;
- functions of `runtime` and `math` are named by ``code.function(f)``;
- where ``code.dialect.is_exported``, lines may import only `math`, and use no augmented assignment
  and no name or attribute with a leading underscore.

A program is the function ``predict(x)``, and may have others: the lines written inside ``with code.entry("sums(x)"):``
form a function of that name.
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
