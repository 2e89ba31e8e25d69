"""`--translator`: one for all languages, or each language's own, as `es=apertium,bergamot:DIR`.

Several share the work: what the first that reaches a language fails on goes to the next.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator

from pipelines.commands.needs import Needs
from schemas.errors import NotInstalledError
from schemas.language import Language, parse_language
from schemas.option_values import as_list
from schemas.options import Options, settings_of, suggest
from translators.registry import TranslatorConfig, families, open_translator
from translators.translator import Translator, TranslatorInfo

logger = logging.getLogger(__name__)

Given = tuple[tuple[str, str | int | float], ...]  # options of translators that were given


class Choice(Options):
    """A translator that was asked for.

    Attributes:
        language: Code of the language it is for; empty for all that have none of their own.
        backend: Name of the family.
        model: Its model; empty for the family's own choice.
    """

    language: str = ""
    backend: str
    model: str = ""


class Chosen(NamedTuple):
    """Who translates into a language, and who takes what that one fails on."""

    language: str
    config: TranslatorConfig
    info: TranslatorInfo
    fallbacks: tuple[tuple[TranslatorConfig, TranslatorInfo], ...] = ()


class _Reach(NamedTuple):
    """Who reaches a language, in order; who would if it was installed; why no other does."""

    able: dict[TranslatorConfig, TranslatorInfo]
    lacking: dict[TranslatorConfig, NotInstalledError]
    problem: str


_Opened = Translator | NotInstalledError  # a translator, or why there is none on this machine


def parse_choices(value: object) -> list[Choice]:
    """Return the choices of `NAME`, `NAME:MODEL` and `LANG=NAME[:MODEL]`, divided by commas.

    YAML may have a mapping from languages to one or several instead.

    Raises:
        ValueError: If a name or code is unknown.
    """
    if isinstance(value, Mapping):
        named = [(language, name) for language, names in value.items() for name in as_list(names)]
        return [_parse_choice(f"{language}={name}") for language, name in named]
    words = [word.strip() for item in as_list(value) for word in str(item).split(",")]
    return [_parse_choice(word) for word in words if word]


Choices = Annotated[tuple[Choice, ...], BeforeValidator(parse_choices)]


def choose_translators(
    choices: Iterable[Choice],
    languages: Iterable[Language],
    options: Given,
    needs: Needs,
) -> list[Chosen]:
    """Return who translates into each language: its own choices first, else the first that can.

    Its fallbacks are those that can and stand behind it among the choices; a choice for all
    languages that stands before a language's own is not meant for that language.

    Args:
        choices: What was asked for, in order.
        languages: The targets.
        options: Options of translators; each takes those its family has.
        needs: Takes what is not installed. The description of a language's translator then says
            so, and nothing can be translated into that language.

    Raises:
        ValueError: If no translator takes an option, or none can translate into a language,
            whatever is installed; all such languages are named.
    """
    choices = tuple(choices)
    _refuse_idle_options(choices, options)
    configs = {choice: _config(choice, options) for choice in choices}
    opened: dict[TranslatorConfig, _Opened] = {}
    found, problems = [], []
    try:
        for config in configs.values():
            opened[config] = _open(config, needs)
        for language in languages:
            own, others = _candidates(language, choices)
            reach = _reach(language, [configs[c] for c in own or others], opened)
            if reach.able and own:
                reach.able.update(_reach(language, [configs[c] for c in others], opened).able)
            chosen = _choose(language, reach, needs)
            found += [chosen] if chosen else []
            problems += [] if chosen else [reach.problem]
    finally:
        for translator in opened.values():
            if not isinstance(translator, NotInstalledError):
                translator.close()
    if problems:
        raise ValueError("; ".join(problems))
    return found


def _choose(language: Language, reach: _Reach, needs: Needs) -> Chosen | None:
    """Return who translates into a language; None if nobody can, whatever is installed."""
    if reach.able:
        (config, info), *fallbacks = reach.able.items()
        _tell_note(language, config)
        return Chosen(language.code, config, info, tuple(fallbacks))
    for error in reach.lacking.values():
        needs.add(error, language.code)
    for config in reach.lacking:
        info = TranslatorInfo(config.backend, "", "not installed", "", (), "")
        return Chosen(language.code, config, info)
    return None


def _open(config: TranslatorConfig, needs: Needs) -> _Opened:
    try:
        return open_translator(config)
    except NotInstalledError as error:
        needs.add(error)
        return error


def _parse_choice(word: str) -> Choice:
    code, is_own, name = word.partition("=")
    backend, _, model = (name if is_own else word).partition(":")
    if backend not in families():
        raise ValueError(f"{backend}: no such translator; {suggest(backend, families())}")
    language = parse_language(code).code if is_own else ""
    return Choice(language=language, backend=backend, model=model)


def _config(choice: Choice, options: Given) -> TranslatorConfig:
    """Return a translator with those of the options that its family has."""
    known = settings_of(families()[choice.backend].options)
    given = {name: value for name, value in options if name in known}
    if choice.model:
        given["model"] = choice.model
    return TranslatorConfig(choice.backend, tuple(sorted(given.items())))


def _refuse_idle_options(choices: tuple[Choice, ...], options: Given) -> None:
    taken = {name for c in choices for name in settings_of(families()[c.backend].options)}
    idle = [f"--{name.replace('_', '-')}" for name, _ in options if name not in taken]
    if idle:
        names = ", ".join(dict.fromkeys(choice.backend for choice in choices))
        raise ValueError(f"{', '.join(idle)}: not an option of {names}")


def _candidates(language: Language, choices: Sequence[Choice]) -> tuple[list[Choice], list[Choice]]:
    """Return a language's own choices, and those for all languages that count for it."""
    own = [choice for choice in choices if choice.language == language.code]
    behind = choices[choices.index(own[0]) :] if own else choices
    return own, [choice for choice in behind if not choice.language]


def _tell_note(language: Language, config: TranslatorConfig) -> None:
    note = config.family.note(language) if config.family.note else ""
    if note:
        logger.warning("%s, %s (%s): %s", config.backend, language.name, language.code, note)


def _reach(
    language: Language,
    configs: Iterable[TranslatorConfig],
    opened: Mapping[TranslatorConfig, _Opened],
) -> _Reach:
    """Return who of some translators reaches a language."""
    able, lacking, problems = {}, {}, []
    for config in configs:
        translator = opened[config]
        try:
            if isinstance(translator, NotInstalledError):
                raise translator
            able[config] = translator.info(language.code)
        except NotInstalledError as error:
            lacking[config] = error
        except ValueError as error:
            problems.append(str(error))
    nobody = f"no translator given for {language.name} ({language.code})"
    return _Reach(able, lacking, " and ".join(problems) or nobody)
