"""Beam builds pipelines faster when what it works out a thousand times is worked out once.

Half the CPU time of a build of a few records goes into two pure functions of Beam: the parameters
of a DoFn's methods, by `inspect`, and the options of a class, by an argument parser. Neither
changes within a process, and tests build hundreds of pipelines.
"""

from argparse import Namespace
from collections.abc import Callable
from copy import copy
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms import core


def remember() -> None:
    """Let Beam remember both in this process; once is enough."""
    core.get_function_args_defaults = _by_function(core.get_function_args_defaults)
    PipelineOptions.__init__ = _by_flags(PipelineOptions.__init__)


def _by_function(inspect: Callable[..., tuple[list, list]]) -> Callable[..., tuple[list, list]]:
    known: WeakKeyDictionary[FunctionType, tuple[list, list]] = WeakKeyDictionary()

    def remembering(method: Any) -> tuple[list, list]:
        if not isinstance(method, MethodType) or not isinstance(method.__func__, FunctionType):
            return inspect(method)
        if method.__func__ not in known:
            known[method.__func__] = inspect(method)
        names, defaults = known[method.__func__]
        return [*names], [*defaults]

    return remembering


def _by_flags(parse: Callable[..., None]) -> Callable[..., None]:
    known: dict[tuple[type, tuple[str, ...]], dict[str, Any]] = {}

    def remembering(self: PipelineOptions, flags: Any = None, **overrides: Any) -> None:
        if not isinstance(flags, list):
            return parse(self, flags, **overrides)
        key = (type(self), tuple(flags))
        if key not in known:
            parse(self, flags)
            known[key] = vars(self._visible_options)
        self._flags = flags
        self._visible_options = Namespace(**{k: copy(v) for k, v in known[key].items()})
        self._all_options = overrides
        for name in self._visible_option_list():
            overrides.setdefault(name, getattr(self._visible_options, name))

    return remembering
