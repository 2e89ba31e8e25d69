"""`tandemqa translate`: lines from standard input, translated; to try a backend."""

import argparse
import sys
from collections.abc import Sequence
from itertools import islice

from pipelines.commands.options import add_backend_options
from schemas.command import FailedRunError, UsageError, add_command
from schemas.language import parse_language
from translators.registry import BACKENDS

_BATCH = 256


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "translate",
        "translate lines of standard input, to try a translator",
        "echo 'Where is the library?' | tandemqa translate --to es",
        _run,
    )
    parser.add_argument("--to", required=True, metavar="CODE", help="target language")
    parser.add_argument("--translator", choices=sorted(BACKENDS), default="apertium", help="who")
    add_backend_options(parser.add_argument_group("translator"))


def _run(options: argparse.Namespace, beam_arguments: Sequence[str]) -> int:
    from pipelines.commands.resolve import translator_config
    from translators.ladder import translate_all
    from translators.registry import open_translator
    from translators.segmentation import is_translatable, join_translations, split_passage

    try:
        language = parse_language(options.to)
        translator = open_translator(translator_config(vars(options)))
        translator.info(language.code)
    except ValueError as error:
        raise UsageError(str(error)) from error
    failed = 0
    try:
        while lines := [line.rstrip("\n") for line in islice(sys.stdin, _BATCH)]:
            split = [split_passage(line) for line in lines]
            wanted = {s.text for segments in split for s in segments if is_translatable(s.text)}
            texts = sorted(wanted)
            done = dict(zip(texts, translate_all(translator, texts, language.code), strict=True))
            for line, segments in zip(lines, split, strict=True):
                pieces = [done[s.text].text if s.text in done else s.text for s in segments]
                sys.stdout.write(
                    join_translations(line, segments, pieces, language.spaces)[0] + "\n"
                )
            failed += sum(bool(translation.error) for translation in done.values())
            sys.stdout.flush()
    finally:
        translator.close()
    if failed:
        raise FailedRunError(f"{failed} segments could not be translated; they are left empty")
    return 0
