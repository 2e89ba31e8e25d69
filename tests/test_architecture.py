"""The dependency arrow, what launching imports, and whose packages ours are."""

import ast
import subprocess
import sys
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


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("folder", ALLOWED)
def test_imports_follow_the_dependency_arrow(folder):
    for path in (ROOT / folder).rglob("*.py"):
        wrong = (imported(path) & set(ALLOWED)) - ALLOWED[folder]
        assert not wrong, f"{path} imports {wrong}"


def test_translators_and_trainer_know_no_beam():
    for folder in ("schemas", "translators", "trainer"):
        for path in (ROOT / folder).rglob("*.py"):
            assert "apache_beam" not in imported(path), path


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
    loaded = modules_after("from tandemqa import make_parser; make_parser()")
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


def test_no_module_is_longer_than_a_person_can_hold():
    for folder in ALLOWED:
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
