"""`--translator`: one for all languages, or each language's own, as `es=apertium,bergamot:DIR`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator

from schemas.language import Language, parse_language
from schemas.option_values import as_list
from schemas.options import Options, settings_of, suggest
from translators.registry import TranslatorConfig, families, open_translator
from translators.translator import Translator, TranslatorInfo

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
    """Who translates into a language."""

    language: str
    config: TranslatorConfig
    info: TranslatorInfo


def parse_choices(value: object) -> list[Choice]:
    """Return the choices of `NAME`, `NAME:MODEL` and `LANG=NAME[:MODEL]`, divided by commas.

    YAML may have a mapping from languages instead.

    Raises:
        ValueError: If a name or code is unknown.
    """
    if isinstance(value, Mapping):
        return [_parse_choice(f"{language}={name}") for language, name in value.items()]
    words = [word.strip() for item in as_list(value) for word in str(item).split(",")]
    return [_parse_choice(word) for word in words if word]


Choices = Annotated[tuple[Choice, ...], BeforeValidator(parse_choices)]


def choose_translators(
    choices: Iterable[Choice],
    languages: Iterable[Language],
    options: Given,
) -> list[Chosen]:
    """Return who translates into each language: its own choice, else the first that can.

    Args:
        choices: What was asked for, in order.
        languages: The targets.
        options: Options of translators; each takes those its family has.

    Raises:
        ValueError: If no translator takes an option, or none can translate into a language;
            all such languages are named.
    """
    choices = tuple(choices)
    _refuse_idle_options(choices, options)
    configs = {choice: _config(choice, options) for choice in choices}
    opened = {config: open_translator(config) for config in configs.values()}
    found, problems = [], []
    try:
        for language in languages:
            own = [choice for choice in choices if choice.language == language.code]
            for_it = own or [choice for choice in choices if not choice.language]
            chosen, why = _first_that_can(language, [configs[c] for c in for_it], opened)
            if chosen:
                found.append(chosen)
            else:
                problems.append(why)
    finally:
        for translator in opened.values():
            translator.close()
    if problems:
        raise ValueError("; ".join(problems))
    return found


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


def _first_that_can(
    language: Language,
    configs: Iterable[TranslatorConfig],
    opened: Mapping[TranslatorConfig, Translator],
) -> tuple[Chosen | None, str]:
    """Return the first translator that reaches a language, or why none does."""
    problems = []
    for config in configs:
        try:
            return Chosen(language.code, config, opened[config].info(language.code)), ""
        except ValueError as error:
            problems.append(str(error))
    nobody = f"no translator given for {language.name} ({language.code})"
    return None, " and ".join(problems) or nobody
