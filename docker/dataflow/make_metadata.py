"""Write metadata.json, the parameters of the Dataflow template, from the options of `build`.

python docker/dataflow/make_metadata.py
"""

import json
from pathlib import Path
from typing import Any, Final

from pipelines.commands.build import BuildOptions
from schemas.options import Setting, settings_of
from translators.registry import families

FILE: Final = Path(__file__).with_name("metadata.json")

_DESCRIPTION: Final = (
    "Translates English question-answer sets into a parallel corpus. Every finished packet is kept "
    "in the translation memory, so that a job that was stopped goes on where it was when it is "
    "launched again with the same parameters."
)
# The launcher has no terminal.
_LEFT_OUT: Final = {"quiet"}

_FOLDER: Final = r"gs://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]/[^*?\[\s]+"
_INPUT: Final = r"([a-z0-9-]+:)?(gs|s3)://[^\s]+"
_LANGUAGE: Final = r"[A-Za-z]{2,3}(-[A-Za-z0-9]+)*"
_IN_IMAGE: Final = r"/[^\s]+"
_TRANSLATOR: Final = rf"({_LANGUAGE}=)?({'|'.join(families())})(:[^\s,]+)?"

# What a value looks like in the cloud, where the option itself is wider.
_PATTERNS: Final = {
    "input": f"{_INPUT}( {_INPUT})*",
    "languages": f"{_LANGUAGE}(,{_LANGUAGE})*",
    "translator": f"{_TRANSLATOR}(,{_TRANSLATOR})*",
    "output": _FOLDER,
    "memory": _FOLDER,
    "exclude": r"[^\s]*gs://[^\s]+( [^\s]*gs://[^\s]+)*",
    "fields": r"[a-z_]+=[^\s]*( [a-z_]+=[^\s]*)*",
    "limits": r"[a-z_]+=-?[0-9.]+( [a-z_]+=-?[0-9.]+)*",
    "license": r"[A-Za-z0-9.+-]+",
    "model": _IN_IMAGE,
    "prompt": _IN_IMAGE,
    "language_model": _IN_IMAGE,
    "cache": _IN_IMAGE,
    "device": "cpu|cuda",
    "translate_accelerator": r"type:[a-z0-9-]+(;count:[0-9]+)?(;install-nvidia-driver(:[0-9x]+)?)?",
}
# What only matters in the cloud.
_NOTES: Final = {
    "input": "gs:// paths or globs",
    "model": "a folder in the worker image, as workers download nothing; a language model's name "
    "stands with its translator: llm:NAME",
    "device": "name it: the launcher has no GPU, and the device is part of the memory's key",
    "packet_size": "8192 saves requests to the object store where GPUs are fast",
    "translate_accelerator": "to give the other steps cheaper workers, add right fitting: "
    "--dataflow_service_options=enable_prime",
}


def make_metadata() -> dict[str, Any]:
    """Return the content of the file."""
    settings = settings_of(BuildOptions)
    parameters = [_parameter(s) for name, s in settings.items() if name not in _LEFT_OUT]
    return {"name": "tandemqa build", "description": _DESCRIPTION, "parameters": parameters}


def _parameter(setting: Setting) -> dict[str, Any]:
    parts = [setting.help_text, _NOTES.get(setting.name, "")]
    if setting.shown["many"]:
        parts.append("several are divided by blanks")
    text = "; ".join(part for part in parts if part)
    parameter: dict[str, Any] = {
        "name": setting.name,
        "label": setting.name.replace("_", " ").capitalize(),
        "helpText": f"{text[0].upper()}{text[1:]}.",
    }
    if not setting.field.is_required():
        parameter["isOptional"] = True
    if pattern := _pattern(setting):
        parameter["regexes"] = [f"^({pattern})$"]
    return parameter


def _pattern(setting: Setting) -> str:
    if setting.name in _PATTERNS:
        return _PATTERNS[setting.name]
    if setting.choices:
        return "|".join(setting.choices)
    at_least_one = "1 or more" in setting.bounds
    whole = "[1-9][0-9]*" if at_least_one else "[0-9]+"
    return {int: whole, float: r"[0-9]+(\.[0-9]+)?", bool: "true|false"}.get(setting.kind, "")


if __name__ == "__main__":
    FILE.write_text(json.dumps(make_metadata(), indent=2) + "\n", encoding="utf-8")
