"""Question answering sets in the layouts of the hub, and of their own releases."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import several_passages, tydi
from pipelines.formats.item import Item, Origin
from pipelines.ingest.read import read_unit
from pipelines.ingest.source import check_sources, find_units, parse_source
from schemas.record import Answer, Record

ALBA = "Alba is a town. Anna founded it in 1200."
BRIDGE = "The bridge is in Alba. It is old."
WHO = "Who founded the town of the bridge?"


def write_table(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def read(text):
    source = parse_source(str(text), dataset="set")
    check_sources([source])
    return [result for unit in find_units(source) for result in read_unit(source, unit)]


def record(name, question, passage, title="", answer=None, start=-1, split="train"):
    answers = (Answer(answer, start),) if answer else ()
    return Record(name, "set", split, question, passage, title, answers)


@pytest.fixture(params=["parquet", "jsonl"])
def write(request, tmp_path):
    """Return a function that writes one item as a Parquet file or as JSON lines."""

    def write_item(item):
        if request.param == "parquet":
            return write_table(tmp_path / "items.parquet", item)
        (tmp_path / "items.jsonl").write_text(json.dumps(item) + "\n")
        return tmp_path / "items.jsonl"

    return write_item


def test_tevatron_gives_a_record_for_each_positive_passage(write):
    item = {
        "query_id": "7",
        "query": "Who dances?",
        "positive_passages": [
            {"docid": "1#0", "title": "Bees", "text": "Bees dance."},
            {"docid": "1#3", "title": "Dances", "text": "A dance is a movement."},
        ],
        "negative_passages": [{"docid": "2#0", "title": "Rain", "text": "Rain falls."}],
    }
    assert read(write(item)) == [
        record("7:1#0", "Who dances?", "Bees dance.", "Bees"),
        record("7:1#3", "Who dances?", "A dance is a movement.", "Dances"),
    ]


def test_hotpot_gives_a_record_for_each_supporting_passage(write):
    sentences = [["The bridge is in Alba.", " It is old."], ["Nothing here."], [ALBA]]
    item = {
        "id": "5a",
        "question": WHO,
        "answer": "Anna",
        "supporting_facts": {"title": ["Bridge", "Alba"], "sent_id": [0, 0]},
        "context": {"title": ["Bridge", "Other", "Alba"], "sentences": sentences},
    }
    expected = [
        record("5a:Bridge", WHO, BRIDGE, "Bridge", "Anna"),
        record("5a:Alba", WHO, ALBA, "Alba", "Anna"),
    ]
    assert read(write(item)) == expected


def test_hotpot_as_released_gives_the_same(tmp_path):
    item = {
        "_id": "5a",
        "question": WHO,
        "answer": "Anna",
        "supporting_facts": [["Bridge", 0], ["Alba", 0]],
        "context": [["Bridge", ["The bridge is in Alba.", " It is old."]], ["Alba", [ALBA]]],
    }
    (tmp_path / "train.json").write_text(json.dumps([item]))
    assert [r.record_id for r in read(tmp_path / "train.json")] == ["5a:Bridge", "5a:Alba"]


def trivia(answer):
    return {
        "question": "Who founded Alba?",
        "question_id": "tc_1",
        "entity_pages": {"filename": ["Alba.txt"], "title": ["Alba"], "wiki_context": [ALBA]},
        "search_results": {
            "filename": ["1.txt", "2.txt"],
            "title": ["One", "Two"],
            "search_context": ["Founded by Ann.", "Annals of rain."],
        },
        "answer": {"value": answer, "aliases": [answer, "Ann"], "type": "x"},
    }


def test_trivia_gives_a_record_for_each_page_that_holds_an_answer(write):
    assert read(write(trivia("Anna"))) == [
        record("tc_1:Alba.txt", "Who founded Alba?", ALBA, "Alba", "Anna"),
        record("tc_1:1.txt", "Who founded Alba?", "Founded by Ann.", "One", "Ann"),
    ]


def test_trivia_without_its_texts_is_refused_in_words(tmp_path):
    item = {"Question": "Who?", "QuestionId": "1", "EntityPages": [], "Answer": {"Value": "Anna"}}
    (tmp_path / "wikipedia-train.json").write_text(json.dumps({"Data": [item], "Version": 1.0}))
    with pytest.raises(ValueError, match="keeps its texts in files of their own; use the edition"):
        read(tmp_path / "wikipedia-train.json")


def test_of_ms_marcos_passages_the_selected_ones_are_read(write):
    item = {
        "query_id": 3,
        "query": "Who founded Alba?",
        "answers": ["Anna"],
        "passages": {"is_selected": [0, 1], "passage_text": ["Rain falls.", ALBA]},
    }
    assert read(write(item)) == [record("3:1", "Who founded Alba?", ALBA, "", "Anna")]


def test_tydi_is_cut_out_of_its_article_by_bytes(write):
    article = f"Álba\n\n{ALBA}".encode()
    passage, answer = article.index(b"Alba is"), article.index(b"Anna")
    annotations = {
        "passage_answer_candidate_index": [-1, 1],
        "minimal_answers_start_byte": [-1, answer],
        "minimal_answers_end_byte": [-1, answer + 4],
        "yes_no_answer": ["NONE", "NONE"],
    }
    item = {
        "document_plaintext": article.decode(),
        "document_title": "Alba",
        "question_text": "Who founded Alba?",
        "passage_answer_candidates": {
            "plaintext_start_byte": [0, passage],
            "plaintext_end_byte": [6, len(article)],
        },
        "annotations": annotations,
    }
    path = write(item)
    assert read(path) == [record(f"{path.name}:1", "Who founded Alba?", ALBA, "Alba", "Anna", 16)]
    annotations["passage_answer_candidate_index"] = [-1, -1]
    (failure,) = read(write(item))
    assert failure.reason == "no_long_answer"


def test_tydi_as_released_gives_the_same(tmp_path):
    item = {
        "example_id": 77,
        "document_plaintext": ALBA,
        "document_title": "Alba",
        "question_text": "Is Alba a town?",
        "passage_answer_candidates": [{"plaintext_start_byte": 0, "plaintext_end_byte": 15}],
        "annotations": [
            {
                "passage_answer": {"candidate_index": 0},
                "minimal_answer": {"plaintext_start_byte": -1, "plaintext_end_byte": -1},
                "yes_no_answer": "YES",
            }
        ],
    }
    (tmp_path / "tydi.jsonl").write_text(json.dumps(item))
    expected = record("77", "Is Alba a town?", "Alba is a town.", "Alba", "yes")
    assert read(tmp_path / "tydi.jsonl") == [expected]


SQUAD = {"title": "Alba", "context": ALBA, "question": "Who?"}
NESTED = {"answers": {"text": ["Anna"], "answer_start": [16]}}


@pytest.mark.parametrize(
    "answers", [NESTED, {"answers.text": ["Anna"], "answers.answer_start": [16]}]
)
def test_the_hubs_editions_of_squad_xquad_mlqa_and_tydis_gold_passages(write, answers):
    found = read(write({"id": "s1", **SQUAD, **answers}))
    assert found == [record("s1", "Who?", ALBA, "Alba", "Anna", 16)]


def write_hub(folder):
    for split in ("train", "validation"):
        for shard in range(2):
            name = f"{split}-0000{shard}-of-00002-9f8e7d6c5b4a.parquet"
            write_table(folder / "data" / name, {"id": f"{split}{shard}", **SQUAD, **NESTED})
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "dataset_infos.json").write_text("{}")
    return folder


def names(results):
    return sorted((r.split, r.record_id) for r in results)


ALL = [(split, f"{split}{n}") for split in ("train", "validation") for n in range(2)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ALL),
        ("/data", ALL),
        ("/data/*.parquet", ALL),
        ("#validation", ALL[2:]),
        ("/data/validation-*.parquet", ALL[2:]),
        ("/data/train-00001-of-00002-9f8e7d6c5b4a.parquet", ALL[1:2]),
    ],
)
def test_shards_are_of_the_split_they_are_named_for(tmp_path, path, expected):
    assert names(read(f"{write_hub(tmp_path / 'alba')}{path}")) == expected


def test_a_directory_of_the_hub_is_named_for_itself(tmp_path):
    folder = write_hub(tmp_path / "alba")
    assert parse_source(str(folder)).dataset == parse_source(f"{folder}/data").dataset == "alba"


def test_of_several_configurations_one_must_be_named(tmp_path):
    for name in ("distant", "plain"):
        for split in ("train", "test"):
            path = tmp_path / name / split / "0000.parquet"
            write_table(path, {"id": name, **SQUAD, **NESTED})
    with pytest.raises(ValueError, match="several configurations: distant, plain; name the folder"):
        read(tmp_path)
    assert names(read(tmp_path / "plain")) == [("test", "plain"), ("train", "plain")]
    with pytest.raises(ValueError, match="no files for validation; found: test, train"):
        read(f"{tmp_path / 'plain'}#validation")


def test_a_configuration_of_a_local_dataset_can_be_named(tmp_path):
    pytest.importorskip("datasets")
    for name in ("distant", "plain"):
        write_table(tmp_path / name / "train.parquet", {"id": name, **SQUAD, **NESTED})
    configs = [
        {"config_name": name, "data_files": [{"split": "train", "path": f"{name}/*"}]}
        for name in ("distant", "plain")
    ]
    (tmp_path / "README.md").write_text(f"---\n{json.dumps({'configs': configs})}\n---\n")
    assert [r.record_id for r in read(f"hf:{tmp_path}:plain")] == ["plain"]
    with pytest.raises(ValueError, match="Config name is missing"):
        read(f"hf:{tmp_path}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["title", "sentences", "text", "value", "wiki_context", "is_selected"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(st.sampled_from([*several_passages.LAYOUTS, tuple(tydi.KEYS)]), st.data())
def test_whatever_stands_in_a_layout_nothing_is_raised(keys, data):
    value = data.draw(st.fixed_dictionaries({key: VALUES for key in keys}))
    origin = Origin("file", "file", "set")
    items = several_passages.explode(tydi.flatten([Item(1, value)], origin), origin)
    assert len(list(items)) >= 1
