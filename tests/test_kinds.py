"""What a kind of layer is, its class says: nothing else may ask for one by name."""

import ast

import pytest
from test_structure import MODULES

from purenn.layers import KINDS

MAY_ASK = ("purenn/layers/", "purenn/codegen/", "purenn/quantize.py")

CLASSES = {name for _, name in KINDS.values()}


def lines_that_ask(tree, tables=()):
    """The lines on which the class of a layer, or its kind, is compared with one of `KINDS`.

    `tables` are names, of other modules, that stand for classes of layers or hold some.
    """
    names = names_of_kinds(tree, tables)
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in ("isinstance", "issubclass") and len(node.args) == 2:
            asked, answers = [ast.Call(ast.Name("type"), node.args[:1], [])], node.args[1:]
        elif isinstance(node, ast.Compare):
            asked = answers = [node.left] + node.comparators
        elif isinstance(node, ast.Subscript):
            asked, answers = [node.slice], [node.value]
        elif isinstance(node, ast.Call) and called(node) in ("get", "setdefault", "pop", "index", "count"):
            asked, answers = node.args, [node.func]
        elif type(node).__name__ == "MatchClass":  # from Python 3.10 on
            asked, answers = [ast.Name("__class__")], [node.cls]
        else:
            continue
        found = [part for operand in asked for part in ast.walk(operand)]
        told = [part for operand in answers for part in ast.walk(operand)]
        if any(map(is_class, found)) and any([mentions(part, names, CLASSES) for part in told]):
            lines.add(node.lineno)
        if any(map(is_kind, found)) and any([mentions(part, names, set(KINDS)) for part in told]):
            lines.add(node.lineno)
    return sorted(lines)


def names_of_kinds(tree, tables):
    """The names in a module that stand for classes or kinds of layers, or hold some: imported, or assigned."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names if alias.name in CLASSES | set(tables)}
    for _ in range(2):  # a name may be assigned to another
        for node in ast.walk(tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
                if any([mentions(part, names, set(KINDS)) for part in plain_parts(node.value)]):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def plain_parts(node):
    """A name, text or table with all in it; the result of a call is not taken for a class of a layer."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return [part for element in node.elts for part in plain_parts(element)]
    if isinstance(node, ast.Dict):
        return [part for key in node.keys if key is not None for part in plain_parts(key)]
    if isinstance(node, ast.BinOp):
        return plain_parts(node.left) + plain_parts(node.right)
    return [node] if isinstance(node, (ast.Name, ast.Attribute, ast.Constant)) else []


def called(node):
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def is_class(node):
    """type(x), x.__class__"""
    if isinstance(node, ast.Call):
        return called(node) == "type" and len(node.args) == 1
    return getattr(node, "attr", getattr(node, "id", "")) == "__class__"


def is_kind(node):
    """x.kind, getattr(x, "kind")"""
    if isinstance(node, ast.Call):
        return called(node) == "getattr" and any([getattr(argument, "value", "") == "kind" for argument in node.args])
    return isinstance(node, ast.Attribute) and node.attr == "kind"


def mentions(node, names, texts):
    if isinstance(node, ast.Attribute):
        return node.attr in CLASSES
    return isinstance(node, ast.Name) and node.id in names or isinstance(node, ast.Constant) and node.value in texts


def tables_of_kinds():
    """The global names of all modules that stand for kinds, or hold some."""
    tables = set()
    for tree in MODULES.values():
        body = ast.Module([node for node in tree.body if not isinstance(node, (ast.ClassDef, ast.FunctionDef))], [])
        tables |= names_of_kinds(body, ())
    return tables - CLASSES


def test_nothing_asks_for_a_kind_of_layer():
    tables, found = tables_of_kinds(), []
    for path, tree in sorted(MODULES.items()):
        if not path.startswith(MAY_ASK):
            found += ["%s:%d" % (path, line) for line in lines_that_ask(tree, tables)]
    assert len(found) == 0, "tests for a kind of layer: %s" % ", ".join(found)


IMPORT = "from .layers import Dense, Scale\n"


@pytest.mark.parametrize(
    "code",
    [
        "isinstance(x, Dense)",
        "isinstance(x, (list, Dense))",
        "issubclass(kind, Dense)",
        "type(x) is Dense",
        "Dense is type(x)",
        "type(x) != Dense",
        "type(x) in (Scale, Dense)",
        "type(a) is type(b) is Dense",
        "x.__class__ == Dense",
        "type(x).__name__ == 'Dense'",
        "x.kind == 'dense'",
        "'dense' == x.kind",
        "x.kind in ('scale', 'dense')",
        "getattr(x, 'kind', '') == 'dense'",
        "type(x) is layers.Dense",
        "isinstance(x, layers.dense.Dense)",
        "BOTH = (Dense, Scale)\ntype(x) in BOTH",
        "BOTH = (Dense, Scale)\nMORE = BOTH + (Other,)\nisinstance(x, MORE)",
        "ROWS = {Dense: 1}\nROWS[type(x)]",
        "ROWS = {(Dense, Scale): 1}\nROWS.get((type(x), type(y)))",
        "ROWS = {'dense': 1}\nROWS[x.kind]",
        "ROWS = {'dense': 1}\nx.kind in ROWS",
        "RULES.get(type(x))",
    ],
)
def test_every_way_to_ask_is_seen(code):
    assert len(lines_that_ask(ast.parse(IMPORT + "from .elsewhere import RULES\n" + code), {"RULES"})) == 1


def test_a_class_under_another_name_and_a_pattern_are_seen():
    assert lines_that_ask(ast.parse("from .layers import Dense as D\ntype(x) is D")) == [2]
    if hasattr(ast, "MatchClass"):
        assert lines_that_ask(ast.parse(IMPORT + "match x:\n    case Dense(): pass")) == [3]


@pytest.mark.parametrize(
    "code",
    [
        "Dense([[1.0]])",
        "isinstance(x, Layer)",
        "isinstance(Dense([[1.0]]), Layer)",
        "type(x) is float",
        "x.kind == 'InputLayer'",
        "name == 'dense'",
        "LAYERS = {'Dense': 1}\nspec.kind in LAYERS",
        "made = [Dense([[1.0]])]\ntype(x) is made[0]",
    ],
)
def test_what_asks_for_no_kind_is_not_counted(code):
    assert lines_that_ask(ast.parse(IMPORT + code)) == []
