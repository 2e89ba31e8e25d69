"""Reason codes: declared once, with a meaning, beside the rule; all of them gathered and used."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.corpus.reasons import explain_reason, reasons_page
from schemas.reason import declare_reason

ROOT = Path(__file__).parent.parent
MODULES = [
    path
    for folder in ("schemas", "translators", "pipelines")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path != ROOT / "schemas" / "reason.py"
]
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
# Where a reason is given: the name that is called, and the place or keyword of its reason.
GIVEN = {
    "failed": (1, "reason"),
    "FailedRecord": (3, "reason"),
    "BadItem": (0, "reason"),
    "PipeError": (0, "reason"),
    "ProcessError": (0, "reason"),
    "Translation": (4, "error"),
    "Draft": (1, "failure"),
    "refuse": (0, "name"),
    "flag": (0, "name"),
    "skip": (0, "name"),
    "Reason": (0, "code"),
}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


def declared() -> list[str]:
    return [
        ast.literal_eval(call.args[0])
        for tree in TREES.values()
        for name, call in calls(tree)
        if name == "declare_reason"
    ]


def test_each_reason_is_declared_in_one_place():
    assert not [code for code, times in Counter(declared()).items() if times > 1]


def test_every_declared_reason_is_gathered():
    """In a process of its own: here other tests may have loaded what the table forgot."""
    script = (
        "import pipelines.corpus.reasons\n"
        "from schemas.reason import declared_reasons\n"
        "print(*declared_reasons())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == set(declared()), (
        "import the module that declares it in pipelines/corpus/reasons.py"
    )


def test_every_declared_reason_is_given_somewhere():
    loaded = {
        node.id if isinstance(node, ast.Name) else node.attr
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    for path, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and "declare_reason" in ast.dump(node):
                assert node.target.id in loaded, f"{path}: {node.target.id} is never given"


def test_no_reason_is_given_that_was_not_declared():
    """Else it would have no meaning in the report; the type checker finds it as well."""
    for path, tree in TREES.items():
        for name, call in calls(tree):
            if name in GIVEN:
                place, keyword = GIVEN[name]
                given = [*call.args[place : place + 1]]
                given += [k.value for k in call.keywords if k.arg == keyword]
                for value in given:
                    assert not isinstance(value, ast.Constant | ast.JoinedStr), (
                        f"{path}:{call.lineno}: name it above the rule, "
                        f"NAME: Final = declare_reason({ast.unparse(value)}, MEANING)"
                    )


def test_a_code_cannot_mean_two_things():
    with pytest.raises(ValueError, match="'mojibake' is already declared"):
        declare_reason("mojibake", "something else")


def test_the_documentation_lists_all_reasons():
    written = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    assert written == reasons_page(), "run: python -m pipelines.corpus.reasons > docs/reasons.md"


def test_the_name_of_a_model_check_needs_no_meaning():
    assert explain_reason("low_similarity") == ""
    assert (
        explain_reason("brackets") == "brackets that pair up in English do not in the translation"
    )
