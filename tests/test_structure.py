"""What may import what: nothing but the standard library, and downwards only."""

import ast
import json
import os
import re
import subprocess
import sys

import pytest

import purenn

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# From the ground up; a module imports from rooms below its own, or from its own.  A room is a
# module of purenn, or a folder with all that is in it.
ROOMS = [
    ["errors", "json_text", "text", "atomic_write"],
    ["rows", "source", "stream"],
    ["activation"],
    ["activations"],
    ["more_activations"],
    ["matrix"],
    ["layers", "rounding", "tensor"],
    ["budget"],
    ["validation"],
    ["trace"],
    ["network"],
    ["architecture", "quantize"],
    ["codegen", "graph", "safetensors"],
    ["kernels", "formats", "explain", "train"],
    ["export"],
    ["bench", "demo", "in_memory", "jobs", "metrics"],
    ["cli"],
    ["__main__"],
]
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}
# These may reach up, inside a function: `Network.compile()` and friends, and what is loaded on demand.
REACH_UP = ("activation", "matrix", "network", "quantize", "trace")
CORE_MAY_IMPORT = {"math", "struct", "json", "array", "os", "sys", "io"}
CORE_MAY_DO_WITHOUT = {"_json", "difflib"}  # imported in a `try`


def modules():
    """{path from the checkout: syntax tree} of every module."""
    trees = {}
    for folder, _, names in os.walk(os.path.join(CHECKOUT, "purenn")):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    trees[os.path.relpath(path, CHECKOUT).replace(os.sep, "/")] = ast.parse(file.read(), path)
    return trees


def imports(path, tree):
    """(dotted name of a module, the function inside of which, or "") of every import that is carried out."""
    found = []

    def visit(node, inside):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Import):
            found.extend((alias.name, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path[: -len(".py")].split("/")[: -node.level]
                base = ".".join(package + ([node.module] if node.module else []))
            found.extend((known_module(base, alias.name), inside) for alias in node.names)
        inside = inside or (node.name if isinstance(node, ast.FunctionDef) else "")
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(tree, "")
    return found


def known_module(base, name):
    """`from base import name` imports the module base.name where there is one, else base."""
    place = os.path.join(CHECKOUT, *base.split("."), name)
    is_module = base.split(".")[0] == "purenn" and (os.path.isdir(place) or os.path.isfile(place + ".py"))
    return base + "." + name if is_module else base


def room_of(dotted):
    return dotted.split(".")[1] if "." in dotted else "__init__"


MODULES = modules()


@pytest.mark.parametrize("path", sorted(MODULES))
def test_nothing_outside_the_standard_library_is_imported(path):
    if not hasattr(sys, "stdlib_module_names"):
        pytest.skip("Python knows the names of its standard library from 3.10 on")
    foreign = {name for name, _ in imports(path, MODULES[path])}
    foreign = {name for name in foreign if name.split(".")[0] not in sys.stdlib_module_names | {"purenn"}}
    assert not foreign, "%s imports %s" % (path, ", ".join(sorted(foreign)))


@pytest.mark.parametrize("path", sorted(set(MODULES) - {"purenn/__init__.py"}))
def test_imports_run_downwards(path):
    room = path.split("/")[1].replace(".py", "")
    assert room in FLOOR, "%s has no room: say in this file on which floor it is" % path
    for name, inside in imports(path, MODULES[path]):
        other = room_of(name)
        if name.split(".")[0] != "purenn" or other in (room, "__init__"):
            continue
        assert other in FLOOR, "%s imports %s, which has no room" % (path, name)
        allowed = FLOOR[other] < FLOOR[room] or (inside and room in REACH_UP)
        assert allowed, "%s imports %s: imports run downwards" % (path, name)


# ---- circles

_FOR_OTHERS = ("_repr_html_", "_repr_latex_", "__repr__", "__reduce__", "save")


def circles(edges):
    """The groups of modules that import each other, directly or not: Tarjan's strongly connected components."""
    numbers, lowest, path, found = {}, {}, [], []

    def visit(module):
        numbers[module] = lowest[module] = len(numbers)
        path.append(module)
        for other in sorted(edges.get(module, ())):
            if other not in numbers:
                visit(other)
            if other in path:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == numbers[module]:
            group = path[path.index(module) :]
            del path[path.index(module) :]
            if len(group) > 1 or module in edges.get(module, ()):
                found.append(sorted(group))

    for module in sorted(edges):
        if module not in numbers:
            visit(module)
    return found


def edges(inside_too):
    """{module: the modules of purenn that it imports} at module level; `inside_too` also within functions.

    Left out of the latter are those that may reach up, the package itself, which holds `from_torch` and friends,
    and what notebooks, `print` and `pickle` call, and `save` of an object.
    """
    found = {}
    for path, tree in MODULES.items():
        name = re.sub(r"(/__init__)?\.py$", "", path).replace("/", ".")
        lazy = inside_too and room_of(name) not in REACH_UP + ("__init__",)
        counted = [other for other, inside in imports(path, tree) if not inside or (lazy and inside not in _FOR_OTHERS)]
        found[name] = {other for other in counted if other.startswith("purenn")}
    return found


def test_no_module_imports_itself_by_way_of_others():
    assert circles(edges(inside_too=False)) == []


def test_functions_close_no_circle_either():
    assert circles(edges(inside_too=True)) == []


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}) == [["a", "b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": {"d"}}) == []
    assert circles({"a": {"a"}}) == [["a"]]
    assert circles({"a": {"b"}, "b": {"a"}, "c": {"d", "a"}, "d": {"c"}}) == [["a", "b"], ["c", "d"]]


# ---- the core: what package.json gives to small machines


with open(os.path.join(CHECKOUT, "package.json"), encoding="utf-8") as _file:
    PACKAGE = json.load(_file)
CORE = [path for path, _ in PACKAGE["urls"]]


@pytest.mark.parametrize("path", CORE)
def test_the_core_imports_what_small_machines_have(path):
    for name, inside in imports(path, MODULES[path]):
        if name.split(".")[0] == "purenn":
            assert inside or name.replace(".", "/") + ".py" in CORE or name.replace(".", "/") + "/__init__.py" in CORE
        else:
            assert name in CORE_MAY_IMPORT | CORE_MAY_DO_WITHOUT, "%s imports %s" % (path, name)


def test_package_json_is_of_this_version():
    assert PACKAGE["version"] == purenn.__version__
    assert len(set(CORE)) == len(CORE) and set(CORE) <= set(MODULES)
    assert all(place == path for path, place in PACKAGE["urls"])


def test_import_purenn_loads_the_core_alone():
    code = "import sys; sys.path.insert(0, %r); import purenn; print(*sorted(sys.modules), sep='\\n')" % CHECKOUT
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], stdout=subprocess.PIPE, universal_newlines=True, check=True
    ).stdout.split()
    core = {re.sub(r"(/__init__)?\.py$", "", path).replace("/", ".") for path in CORE}
    ours = {name for name in loaded if name.split(".")[0] == "purenn"}
    assert "purenn.network" in ours and ours <= core, ours - core
    assert "numpy" not in loaded and "argparse" not in loaded


# ---- what is written once


def test_softmax_is_written_once_for_each_place_where_it_runs():
    """exp of each number over their sum: no other module spells it out."""
    found = set()
    for path in MODULES:
        with open(os.path.join(CHECKOUT, path), encoding="utf-8") as file:
            text = file.read()
        if re.search(r"\bexp\(", text) and re.search(r"/=? ?(total|t)\b", text):
            found.add(path)
    # generated code has it as a function of a row, and the same operations on variables
    generated = {"purenn/codegen/runtime.py", "purenn/codegen/elementwise.py"}
    elsewhere = {"purenn/export/micropython.py", "purenn/explain/script.py"}  # on a board, in a browser
    assert found == {"purenn/activations.py"} | generated | elsewhere
