"""Breaks CTranslate2 in every Python process that has this folder on its PYTHONPATH.

A segment that contains `$POISON_CRASH` ends the process by a segmentation fault inside
`translate_batch`, as a bug of the native library would; one that contains `$POISON_HANG` never
comes back from it, and before makes the file `$POISON_TOLD`, if that is set.
"""

import ctypes
import importlib.machinery
import os
import pathlib
import sys


class _Poisoner:
    """Lets `ctranslate2` load as always, then wraps the one method that translates."""

    def find_spec(self, name, path=None, target=None):
        if name != "ctranslate2":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            module.Translator.translate_batch = _poisoned(module.Translator.translate_batch)

        spec.loader.exec_module = exec_module
        return spec


def _poisoned(translate_batch):
    def translate(self, source, *arguments, **options):
        text = " ".join("".join(tokens).replace("▁", " ") for tokens in source)
        if _is_in("POISON_CRASH", text):
            ctypes.string_at(0)
        if _is_in("POISON_HANG", text):
            if "POISON_TOLD" in os.environ:
                pathlib.Path(os.environ["POISON_TOLD"]).touch()
            ctypes.CDLL(None).pause()
        return translate_batch(self, source, *arguments, **options)

    return translate


def _is_in(variable, text):
    return bool(os.environ.get(variable)) and os.environ[variable] in text


if os.environ.get("POISON_CRASH") or os.environ.get("POISON_HANG"):
    sys.meta_path.insert(0, _Poisoner())
