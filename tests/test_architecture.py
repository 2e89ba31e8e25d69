"""The floors of the house, what launching imports, and whose packages ours are."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import tandemqa

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "schemas": {"schemas"},
    "translators": {"schemas", "translators"},
    "pipelines": {"schemas", "translators", "pipelines"},
    "trainer": {"schemas", "trainer"},
}
# The rooms of a package from below: each imports only itself and those before it.
FLOORS = {
    "pipelines": (
        *("text", "io", "local", "shuffle", "formats", "ingest", "leaks", "answers"),
        *("translation", "checks", "judge", "corpus", "report"),
        *("cluster_progress", "failures", "run", "build"),
        *("rehearsal", "look_ahead", "plan", "revalidate", "commands"),
    ),
    "trainer": (
        *("corpora", "batches", "model_settings", "encoder"),
        *("benchmarks", "evaluation", "teaching", "fine_tuning", "study", "commands"),
    ),
}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    name_of(path): path for package in ALLOWED for path in sorted((ROOT / package).rglob("*.py"))
}


def imports(path: Path) -> set[str]:
    """Every name that a module imports anywhere: in functions and under TYPE_CHECKING, too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{path}: relative import"
            # In `from package import module` the second name may be that of a module.
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


IMPORTS = {name: imports(path) for name, path in MODULES.items()}
GRAPH = {name: (found & set(MODULES)) - {name} for name, found in IMPORTS.items()}


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def room(module: str) -> str:
    """The folder or the loose file of a package that a module belongs to."""
    return module.split(".")[1]


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"b"}})) == {"b", "c"}


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_follow_the_dependency_arrow(package):
    for name, found in IMPORTS.items():
        if name.startswith(f"{package}."):
            wrong = ({target.split(".")[0] for target in found} & set(ALLOWED)) - ALLOWED[package]
            assert not wrong, f"{name} imports {wrong}"


@pytest.mark.parametrize("package", FLOORS)
def test_imports_go_down_from_floor_to_floor(package):
    floors = {name: number for number, name in enumerate(FLOORS[package])}
    inside = {module: found for module, found in GRAPH.items() if module.startswith(f"{package}.")}
    assert {room(module) for module in inside} == set(floors), "a room without a floor"
    up = [
        f"{module} imports {target}"
        for module, targets in inside.items()
        for target in targets
        if target.startswith(f"{package}.") and floors[room(target)] > floors[room(module)]
    ]
    assert not up, "\n".join(up)


def test_no_files_import_each_other_in_a_circle():
    found = circle(GRAPH)
    assert not found, " <- ".join(found)


def test_no_folders_import_each_other_in_a_circle():
    folders: dict[str, set[str]] = {}
    for module, targets in GRAPH.items():
        home = folder(module)
        folders.setdefault(home, set()).update(folder(target) for target in targets)
        folders[home].discard(home)
    found = circle(folders)
    assert not found, " <- ".join(found)


def folder(module: str) -> str:
    """The folder of a module; a file that stands loose in a package is one by itself."""
    home = MODULES[module].parent.relative_to(ROOT)
    return module if home.as_posix() in ALLOWED else home.as_posix()


@pytest.mark.parametrize("package", ["schemas", "translators", "trainer"])
def test_only_pipelines_know_beam(package):
    knowing = [
        name
        for name, found in IMPORTS.items()
        if name.startswith(package) and any(of.split(".")[0] == "apache_beam" for of in found)
    ]
    assert not knowing


def test_beam_modules_keep_their_type_hints():
    for path in (ROOT / "pipelines").rglob("*.py"):
        assert "from __future__ import annotations" not in path.read_text(encoding="utf-8"), path


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_help_imports_nothing_heavy():
    loaded = modules_after(
        "from tandemqa import COMMANDS, find_command\n"
        "for name in COMMANDS: find_command(name).make_parser()"
    )
    assert not loaded & {"apache_beam", "torch", "transformers", "pyarrow", "datasets"}


def test_a_build_with_apertium_needs_no_neural_library():
    loaded = modules_after(
        "import pipelines.build, pipelines.run\n"
        "from translators.registry import TranslatorConfig, open_translator\n"
        "open_translator(TranslatorConfig('apertium'))"
    )
    assert not loaded & {"torch", "transformers", "ctranslate2", "datasets"}


def test_packages_of_other_distributions_are_refused():
    ours = {package: ["tandemqa"] for package in ALLOWED}
    assert tandemqa.find_clashes(ours) == []
    assert tandemqa.find_clashes({}) == []
    (fault,) = tandemqa.find_clashes({**ours, "schemas": ["tandemqa", "schemas"]})
    assert "'schemas' is also installed by schemas" in fault
