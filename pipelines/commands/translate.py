"""`tandemqa translate`: lines from standard input, translated; to try a backend."""

import sys
from collections.abc import Sequence
from itertools import islice
from typing import Final

from schemas.command import Command, FailedRunError, UsageError
from schemas.language import parse_language
from schemas.options import Options, option
from translators.registry import Backend, BackendOptions, TranslatorConfig

_BATCH = 256


class TranslateOptions(Options):
    """The options of `translate`."""

    to: str = option(..., "target language", "CODE")
    translator: Backend = option("apertium", "who translates")
    backend: BackendOptions = BackendOptions()


def _run(options: TranslateOptions, beam_arguments: Sequence[str]) -> int:
    from translators.ladder import translate_all
    from translators.registry import open_translator
    from translators.segmentation import is_translatable, join_translations, split_passage

    try:
        language = parse_language(options.to)
        translator = open_translator(TranslatorConfig(options.translator, options.backend.given()))
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


COMMAND: Final = Command(
    "translate",
    "translate lines of standard input, to try a translator",
    "echo 'Where is the library?' | tandemqa translate --to es",
    TranslateOptions,
    _run,
)
