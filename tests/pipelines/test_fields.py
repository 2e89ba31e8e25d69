"""The field mapping: what its path language means and what it refuses."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.fields import FieldsError, check_fields, find, parse_path, resolve

ITEM = {
    "QUESTION": "why?",
    "CONTEXTS": ["one", "two"],
    "answers": {"text": ["a", "b"], "answer_start": [0, 3]},
    "paragraphs": [{"qas": [{"q": 1}, {"q": 2}]}, {"qas": [{"q": 3}]}, {}],
    "answers.text": "flat",
    "a": {"b": [[1, 2], [3]]},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("QUESTION", "why?"),
        ("CONTEXTS", ["one", "two"]),
        ("CONTEXTS[0]", "one"),
        ("CONTEXTS[-1]", "two"),
        ("CONTEXTS[2]", None),
        ("answers.answer_start", [0, 3]),
        ("answers.answer_start[1]", 3),
        ("answers.text", "flat"),  # a column of that very name wins
        ("paragraphs[].qas[].q", [1, 2, 3, None]),
        ("paragraphs[0].qas.q", [1, 2]),  # keys go through lists by themselves
        ("a.b[]", [[1, 2], [3]]),
        ("a.b[][0]", [1, 3]),
        ("QUESTION.text", None),
        ("nothing.at.all", None),
    ],
)
def test_paths_find_what_they_name(path, value):
    assert find(ITEM, path) == value


def test_a_missing_key_keeps_answers_and_starts_side_by_side():
    item = {"answers": [{"text": "a", "start": 1}, {"text": "b"}, {"text": "c", "start": 3}]}
    assert find(item, "answers[].text") == ["a", "b", "c"]
    assert find(item, "answers[].start") == [1, None, 3]


@pytest.mark.parametrize("path", ["", ".", "a..b", "a.", ".a", "a[", "a[x]", "a[-]", "[0]", "a]b"])
def test_paths_outside_the_language_are_refused(path):
    with pytest.raises(FieldsError):
        parse_path(path)


def test_all_problems_of_a_mapping_are_reported_at_once():
    with pytest.raises(FieldsError) as error:
        check_fields(
            (
                *(("quesion", "Q"), ("passage", "a..b"), ("title", "t")),
                *(("title", "u"), ("question", "")),
            )
        )
    assert "did you mean question?" in str(error.value)
    assert "passage=a..b" in str(error.value)
    assert "title is mapped more than once" in str(error.value)
    assert "every record needs a question" in str(error.value)


def test_common_names_are_guessed_without_regard_to_case():
    paths = resolve(["ID", "Question", "Context", "Answers"], ())
    assert paths == {
        "id": "ID",
        "question": "Question",
        "passage": "Context",
        "answers": "Answers",
    }


def test_answer_is_the_passage_only_where_no_other_text_is():
    assert resolve(["question", "answer"], ()) == {"question": "question", "passage": "answer"}
    assert resolve(["question", "context", "answer"], ())["answers"] == "answer"
    assert "passage" not in resolve(["question", "answer"], (("answers", "answer"),))


def test_an_empty_path_switches_a_guess_off():
    assert "answers" not in resolve(["question", "context", "answer"], (("answers", ""),))


names = st.text(st.characters(exclude_characters=".[]"), min_size=1, max_size=5)
steps = st.lists(st.one_of(st.just("[]"), st.integers(-3, 3).map(lambda i: f"[{i}]")), max_size=2)
paths = st.lists(st.tuples(names, steps.map("".join)).map("".join), min_size=1, max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


@given(paths.map(".".join), st.dictionaries(names, values, max_size=4))
def test_a_well_formed_path_never_raises_on_any_item(path, item):
    find(item, path)


@given(st.text(max_size=12))
def test_any_text_is_a_path_or_a_fields_error(text):
    with contextlib.suppress(FieldsError):
        assert parse_path(text)


@given(st.dictionaries(names, values, min_size=1, max_size=4), st.data())
def test_a_key_is_found_by_its_name(item, data):
    key = data.draw(st.sampled_from(sorted(item)))
    assert find(item, key) == item[key]


@given(st.lists(st.dictionaries(st.sampled_from(["text", "start"]), st.integers()), max_size=5))
def test_paths_through_the_same_list_stay_aligned(answers):
    item = {"answers": answers}
    texts, starts = find(item, "answers[].text"), find(item, "answers[].start")
    assert len(texts) == len(starts) == len(answers)
