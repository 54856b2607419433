"""Interfaces without their insides: what a step's tests import, for the learner to write."""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TODO = "# The step's tests import what follows; it is yours to write."


@dataclass
class _Needed:
    """What has to be importable: whole new modules, and new names in old ones."""

    modules: set[str] = field(default_factory=set)
    names: dict[str, set[str]] = field(default_factory=dict)


def stubs(
    before: Mapping[str, str], after: Mapping[str, str], tests: Iterable[str], extra: Iterable[str]
) -> dict[str, str]:
    """Return the stubs that tests need to be imported: path → text of the module.

    before and after are the Python files of the two trees by path; tests and extra are paths in
    after. A module that the step adds is stubbed whole, with the new modules that its interface
    imports. A module that was there gets the names that it lacks appended. extra modules are
    stubbed although no test imports them.
    """
    needed = _Needed(modules={path for path in extra if path not in before})
    for test in tests:
        _collect(ast.parse(after[test]), test, before, after, needed)
    made: dict[str, str] = {}
    while waiting := needed.modules - made.keys():
        path = min(waiting)
        tree = ast.parse(after[path])
        hollow = _hollow(tree, path, before, after)
        tree = _stub_module(tree, hollow, keep_imports=path.endswith("__init__.py"))
        made[path] = ast.unparse(tree) + "\n"
        _collect(tree, path, before, after, needed)
        needed.modules.update(_packages(path, before, after))
    for path, names in needed.names.items():
        made[path] = _with_names(before[path], after[path], names)
    return made


def _collect(
    tree: ast.Module, own: str, before: Mapping[str, str], after: Mapping[str, str], needed: _Needed
) -> None:
    """Note every module of the tree that a module imports and that the step adds or extends."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                _note(_file_of(alias.name, after), None, before, after, needed)
        elif isinstance(node, ast.ImportFrom):
            package = _absolute(node, own)
            for alias in node.names:
                submodule = _file_of(f"{package}.{alias.name}", after)
                if submodule is not None:
                    _note(submodule, None, before, after, needed)
                else:
                    _note(_file_of(package, after), alias.name, before, after, needed)


def _note(
    path: str | None,
    name: str | None,
    before: Mapping[str, str],
    after: Mapping[str, str],
    needed: _Needed,
) -> None:
    if path is None or path.startswith("tests/"):
        return
    if path not in before:
        needed.modules.add(path)
    elif name is not None and name not in _defined(before[path]) and name in _defined(after[path]):
        needed.names.setdefault(path, set()).add(name)


def _file_of(module: str, files: Mapping[str, str]) -> str | None:
    base = module.replace(".", "/")
    return next((path for path in (f"{base}.py", f"{base}/__init__.py") if path in files), None)


def _absolute(node: ast.ImportFrom, own: str) -> str:
    """Return the module that a `from` names, relative ones resolved against the file."""
    if not node.level:
        return node.module or ""
    parts = own.split("/")[: -node.level]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _packages(path: str, before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """Return the new __init__.py files of the packages around a module."""
    parts = path.split("/")[:-1]
    inits = {"/".join([*parts[:depth], "__init__.py"]) for depth in range(1, len(parts) + 1)}
    return {init for init in inits if init in after and init not in before}


def _defined(text: str) -> set[str]:
    return {name for node in ast.parse(text).body for name in _names_of(node)}


def _names_of(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds at the top of a module."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _hollow(
    tree: ast.Module, own: str, before: Mapping[str, str], after: Mapping[str, str]
) -> set[str]:
    """Return the names that a module defines, or imports from one that is a stub as well.

    Calling one while the module is imported would raise NotImplementedError.
    """
    names = {node.name for node in tree.body if isinstance(node, (*_FUNCTIONS, ast.ClassDef))}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            path = _file_of(_absolute(node, own), after)
            if path is not None and path not in before:
                names |= _names_of(node)
    return names


def _stub_module(tree: ast.Module, hollow: set[str], *, keep_imports: bool) -> ast.Module:
    """Return docstring, imports, plain values, and public functions and classes without bodies."""
    body = _stub_body(tree.body, hollow)
    if not keep_imports:
        body = _without_unused_imports(body)
    return ast.fix_missing_locations(ast.Module(body=body, type_ignores=[]))


def _stub_body(nodes: list[ast.stmt], hollow: set[str]) -> list[ast.stmt]:
    return [stub for node in nodes if (stub := _stub(node, hollow)) is not None]


def _stub(node: ast.stmt, hollow: set[str]) -> ast.stmt | None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return _stub_function(node, hollow) if _public(node.name) else None
    if isinstance(node, ast.ClassDef):
        node.body = _stub_body(node.body, hollow) or [ast.Pass()]
        node.decorator_list = _harmless(node.decorator_list, hollow)
        return node
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return _stub_value(node, hollow)
    kept = isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node)
    guard = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    return node if kept or guard else None


def _stub_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, hollow: set[str]
) -> ast.FunctionDef | ast.AsyncFunctionDef:
    docstring = [one for one in node.body[:1] if _is_docstring(one)]
    node.body = [*docstring, ast.Raise(exc=ast.Name("NotImplementedError"), cause=None)]
    node.decorator_list = _harmless(node.decorator_list, hollow)
    return node


def _stub_value(
    node: ast.Assign | ast.AnnAssign, hollow: set[str]
) -> ast.Assign | ast.AnnAssign | None:
    """Keep a value, unless making it calls what is a stub: then a public name is `...`."""
    if node.value is None or not _roots_called(node.value) & hollow:
        return node
    node.value = ast.Constant(...)
    return node if any(map(_public, _names_of(node))) else None


def _harmless(decorators: list[ast.expr], hollow: set[str]) -> list[ast.expr]:
    return [one for one in decorators if not _roots(one) & hollow]


def _public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _roots(node: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _roots_called(node: ast.expr) -> set[str]:
    """Return the names at the root of whatever an expression calls."""
    calls = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    return {name for call in calls for name in _roots(call)}


def _without_unused_imports(body: list[ast.stmt]) -> list[ast.stmt]:
    """Drop imports that only the bodies needed: they would give the solution away."""
    rest = [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom)]
    used = set(re.findall(r"\w+", "\n".join(map(ast.unparse, rest))))
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom) and _module(node) != "__future__":
            node.names = [
                alias for alias in node.names if (alias.asname or alias.name).split(".")[0] in used
            ]
    return [node for node in body if getattr(node, "names", None) != []]


def _module(node: ast.Import | ast.ImportFrom) -> str | None:
    return node.module if isinstance(node, ast.ImportFrom) else None


def _with_names(before: str, after: str, names: set[str]) -> str:
    """Append stubs to a module, without annotations: what those name may not be imported."""
    tree = _stub_module(ast.parse(after), set(), keep_imports=True)
    wanted = [node for node in tree.body if _names_of(node) & names]
    for node in wanted:
        for inner in ast.walk(node):
            if isinstance(inner, _FUNCTIONS):
                inner.returns = None
            elif isinstance(inner, ast.arg):
                inner.annotation = None
    text = "\n\n\n".join(map(ast.unparse, wanted))
    return f"{before.rstrip()}\n\n\n{_TODO}\n{text}\n"
