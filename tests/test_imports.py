"""The import graph of the three packages has no cycle, and the package roots hold nothing."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("incident", "notify", "playbooks")


def modules() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = path
    return found


def imports(path: Path, known: set[str]) -> set[str]:
    """What the module imports when it is itself imported (not inside functions, not for type checking)."""
    wanted: set[str] = set()
    body = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while body:
        node = body.pop()
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules_named = {name for name in names if name in known}
            # `from package import module` needs the module; the package itself only for what it defines.
            wanted |= modules_named or {node.module}
        elif isinstance(node, ast.Try):
            body += node.body
    return wanted & known


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """One cycle as a list of modules; empty when there is none."""
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for other in sorted(graph[module]):
            found = walk(other, [*path, module])
            if found:
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := walk(module, []))), [])


def test_the_import_graph_has_no_cycle() -> None:
    known = modules()
    graph = {name: imports(path, set(known)) - {name} for name, path in known.items()}
    assert sum(map(len, graph.values())) > 100, "the graph was not read"
    assert cycle(graph) == []


def test_a_cycle_would_be_found() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()}) == ["a", "b", "c", "a"]


def test_package_roots_hold_one_docstring() -> None:
    for path in (p for name in PACKAGES for p in (ROOT / name).rglob("__init__.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        extra = [
            node
            for node in tree.body
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ]
        assert not extra, f"{path.relative_to(ROOT)} holds more than a docstring"
