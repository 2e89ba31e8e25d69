"""The audit of translated rows: alarms for known items, none for others."""

import json

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.leaks.audit import (
    Alarm,
    AuditLeaks,
    looks_like_passage,
    looks_like_question,
    make_audit_index,
)
from pipelines.leaks.evaluation_sets import parse_evaluation_set
from pipelines.leaks.rules import EvaluationItem
from schemas.row import Row

RIO = "El río nace en las montañas del norte y pasa por tres molinos antes de llegar al lago."
TORRE = "La torre fue levantada por dos albañiles en un solo verano y nadie sabe por qué."
ITEM = EvaluationItem("", "¿Dónde nace el río Lome?", RIO)


def row(lang, question, passage):
    return Row(
        "g", "r", "d", "train", lang, False, question, passage, "", "p", (), (), (), True, True,
        (), None, None, None, None, "",
    )  # fmt: skip


def audit(sets, rows, expected):
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        assert_that(pipeline | beam.Create(rows) | AuditLeaks(sets), equal_to(expected))


def test_alarms_tell_language_set_and_field_and_only_that_language_is_compared(questions):
    path = questions({"question": ITEM.question, "passage": RIO})
    sets = [parse_evaluation_set(f"rios:es={path}"), parse_evaluation_set(f"rios:en={path}")]
    rows = [
        row("es", "¿Dónde nace el río Lome?", TORRE),
        row("es", "¿Quién levantó la torre?", f"Según dicen, {RIO.lower()}"),
        row("es", "¿Quién levantó la torre?", TORRE),
        row("pt", ITEM.question, RIO),
        row("en", ITEM.question, RIO),
    ]
    audit(sets, rows, [Alarm("es", "rios", "question"), Alarm("es", "rios", "passage")])


def test_without_sets_in_other_languages_there_is_no_alarm(questions):
    path = questions({"question": ITEM.question, "passage": RIO})
    audit([parse_evaluation_set(path)], [row("en", ITEM.question, RIO)], [])


@pytest.mark.parametrize(
    ("question", "alarm"),
    [
        ("donde nace el río lome", True),
        ("¿En dónde nace el río Lome?", True),
        ("¿Dónde acaba el río Verd?", False),
        ("¿", False),
        ("", False),
    ],
)
def test_questions_are_compared_by_what_they_share(question, alarm):
    assert looks_like_question(question, make_audit_index("es", [ITEM])) == alarm


def test_eight_words_in_a_row_are_an_alarm_and_seven_are_not():
    index = make_audit_index("es", [ITEM])
    words = RIO.split()
    assert looks_like_passage("es", f"Dicen que {' '.join(words[2:10])} grande", index)
    assert not looks_like_passage("es", f"Dicen que {' '.join(words[2:9])} grande", index)


def test_texts_without_spaces_are_compared_by_characters():
    passage = "这条河发源于北部的群山之中，流经三座古老的磨坊，最后注入湖泊。"
    index = make_audit_index("zh-Hans", [EvaluationItem("", "这条河发源于哪里？", passage)])
    assert looks_like_passage("zh-Hans", f"据说{passage[:24]}那里很冷。", index)
    assert not looks_like_passage("zh-Hans", f"据说{passage[:15]}那里很冷。", index)
    assert not looks_like_passage("zh-Hans", "", index)


@pytest.mark.parametrize(
    ("name", "lang"), [("es", "es"), ("hi", "hi"), ("th", "th"), ("zh", "zh-Hans")]
)
def test_human_translations_alarm_on_themselves_and_hardly_on_each_other(data, name, lang):
    articles = json.loads((data / "xquad-r" / f"{name}.json").read_text())["data"]
    seen, new = (
        [(q["question"], p["context"]) for a in part for p in a["paragraphs"] for q in p["qas"]]
        for part in (articles[::2], articles[1::2])
    )
    index = make_audit_index(lang, [EvaluationItem("", *pair) for pair in seen])
    assert all(looks_like_question(q, index) and looks_like_passage(lang, p, index)
               for q, p in seen[::7])  # fmt: skip
    assert sum(looks_like_question(question, index) for question, _ in new) <= 2
    assert not any(looks_like_passage(lang, passage, index) for _, passage in new[::7])
