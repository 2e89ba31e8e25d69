"""LLMs, against a real server process that translates with Apertium and misbehaves on demand."""

import json
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest

from schemas.language import LANGUAGES
from translators import llm_endpoint
from translators.context import add_context
from translators.llm import LLM
from translators.llm_faults import find_fault
from translators.registry import TranslatorConfig, open_translator
from translators.scorers import UnusableScorer
from translators.segmentation import Segment

KEY = "sk-test-0123456789abcdef"
MOON = "The Moon is the only natural satellite of the Earth."
HOUSE = "My mother lives in the old house."
QUESTION = "What is the capital of Spain?"
LONG = (
    "The Moon is the only natural satellite of the Earth, and it has been there for a very long "
    "time; the people of the old house see it from the window, and they know it very well."
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Retries need not wait for anything here."""
    monkeypatch.setattr(llm_endpoint, "_FIRST_DELAY", 0.001)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def server(llm_server):
    llm_server.control()
    return llm_server


@pytest.fixture
def translator(server):
    translator = LLM(server.endpoint, "apertium", concurrency=4)
    yield translator
    translator.close()


def test_texts_come_back_in_order_with_scores_and_tokens(server, translator):
    texts = [f"The house has {n} doors." for n in range(30)]
    answers = translator.translate(texts, "es")
    assert [answer.text for answer in answers] == [f"La casa tiene {n} puertas." for n in range(30)]
    assert {answer.score for answer in answers} == {-0.25}
    usage, stats = translator.take_usage(), server.stats()
    assert (usage.batches, usage.retries) == (30, 0)
    assert usage.input_tokens == stats["input_tokens"]
    assert usage.output_tokens == stats["output_tokens"]
    assert 1 < stats["peak"] <= 4
    assert set(stats["keys"]) == {f"Bearer {KEY}"}
    body = stats["bodies"][0]
    assert (body["temperature"], body["seed"], body["model"]) == (0, 0, "apertium")
    assert translator.take_usage().batches == 0


def test_a_server_without_logprobs_and_usage_gives_no_scores_and_estimated_tokens(
    server, translator
):
    server.control(with_logprobs=False, with_usage=False)
    assert translator.translate([MOON], "es")[0].score is None
    assert translator.take_usage().input_tokens > 20


@pytest.mark.parametrize("fault", ["429", "500", "503", "cut", "gone", "page"])
def test_passing_faults_cost_nothing_but_retries(server, translator, fault):
    server.control(faults=[fault] * 4)
    assert [answer.error for answer in translator.translate([MOON, HOUSE], "es")] == ["", ""]
    assert translator.take_usage().retries == 4


def test_closing_does_not_wait_for_a_silent_server(server):
    translator = LLM(server.endpoint, "apertium", request_timeout=1000, concurrency=2)
    server.control(faults=["silent"] * 4)
    with ThreadPoolExecutor() as pool:
        answers = pool.submit(translator.translate, [MOON] * 4, "es")
        while server.stats()["running"] < 2:
            sleep(0.005)
        translator.close()
        with pytest.raises(ChildProcessError):
            answers.result()


def test_a_silent_server_is_asked_again(server):
    translator = LLM(server.endpoint, "apertium", request_timeout=2)
    server.control(faults=["silent"])
    assert translator.translate([MOON], "es")[0].text
    translator.close()


def test_a_rate_limit_holds_back_all_requests_for_as_long_as_the_server_says(
    server, translator, monkeypatch
):
    waited = []
    put_off = llm_endpoint.Endpoint._put_off

    def watch(self, error, failures, started):
        put_off(self, error, failures, started)
        waited.append((error.delay, failures))

    monkeypatch.setattr(llm_endpoint.Endpoint, "_put_off", watch)
    server.control(faults=["429"] * 40)  # more than a failing request is tried
    answers = translator.translate([MOON] * 4, "es")
    assert all(answer.text for answer in answers)
    assert waited == [(0.01, 0)] * 40


def test_a_rate_limit_beyond_patience_ends_the_run(server, translator, monkeypatch):
    monkeypatch.setattr(llm_endpoint, "_PATIENCE", 0.001)
    server.control(faults=["429"] * 9)
    with pytest.raises(ChildProcessError, match="rate limit"):
        translator.translate([MOON], "es")


BAD_HABITS = {
    "refusal": "llm_refused",
    "spanish refusal": "llm_refused",
    "filter": "llm_refused",
    "preamble": "llm_commented",
    "spanish preamble": "llm_commented",
    "label": "llm_commented",
    "note": "llm_commented",
    "explanation": "llm_commented",
    "rambling": "llm_commented",
    "quotes": "llm_added_quotes",
    "curly quotes": "llm_added_quotes",
    "english": "llm_repeated_english",
    "english first": "llm_repeated_english",
    "other english": "llm_other_language",
    "other script": "llm_other_language",
    "fence": "llm_added_markup",
    "bold": "llm_added_markup",
    "list": "llm_added_markup",
    "tag": "llm_added_markup",
    "json": "llm_added_markup",
    "special token": "llm_added_markup",
    "empty": "empty",
    "length": "llm_cut",
    "unclosed thought": "llm_cut",
}


@pytest.mark.parametrize("habit", BAD_HABITS)
def test_a_bad_habit_is_asked_again_more_strictly_and_then_fails_alone(server, translator, habit):
    good = translator.translate([MOON, HOUSE], "es")
    for stubborn, wanted in ((False, ""), (True, BAD_HABITS[habit])):
        server.control(habits={MOON: habit}, stubborn=stubborn)
        answers = translator.translate([HOUSE, MOON], "es")
        assert answers[0] == good[1]
        assert answers[1].error == wanted
        assert answers[1].text == ("" if wanted else good[0].text)
        assert server.stats()["asked"] == {HOUSE: 1, MOON: 2}


@pytest.mark.parametrize("habit", ["answer", "question and answer"])
def test_an_answer_is_no_translation_of_its_question(server, translator, habit):
    server.control(habits={QUESTION: habit}, stubborn=True)
    assert translator.translate([QUESTION], "es")[0].error == "llm_answered"


@pytest.mark.parametrize("habit", ["thought", "end of a thought"])
def test_reasoning_is_left_out(server, translator, habit):
    good = translator.translate([MOON], "es")[0].text
    server.control(habits={"*": habit})
    answer = translator.translate([MOON], "es")[0]
    assert (answer.text, answer.score) == (good, None)


def test_what_meets_the_length_limit_is_split_and_never_cut(server, translator):
    server.control(longest=120)
    answer = translator.translate([LONG], "es")[0]
    asked = sorted(server.stats()["asked"], key=len)
    assert len(asked) == 3
    assert len(answer.text) > 0.8 * len(LONG)
    assert "ventana" in answer.text


@pytest.mark.parametrize("status", ["400", "500"])
def test_a_segment_that_the_server_fails_on_costs_itself_only(server, translator, status):
    server.control(habits={MOON: status}, stubborn=True)
    answers = translator.translate([HOUSE, MOON, QUESTION], "es")
    assert [answer.error for answer in answers] == ["", "llm_no_reply", ""]


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        (401, {"message": f"Incorrect API key: {KEY}"}, "OPENAI_API_KEY"),
        (404, {"message": "The model `apertium` does not exist"}, "does not exist"),
        (402, {"message": "no credit"}, "no credit"),
        (429, {"message": "You exceeded your quota", "code": "insufficient_quota"}, "quota"),
        (400, {"message": f"bad header {KEY}"}, "bad header"),
        (500, {"message": "out of memory"}, "out of memory"),
    ],
)
def test_an_endpoint_that_does_not_work_ends_the_run_without_telling_the_key(
    server, translator, caplog, status, error, told
):
    caplog.set_level(logging.DEBUG)
    server.control(fatal=[status, error])
    with pytest.raises(ChildProcessError, match=told) as raised:
        translator.translate([MOON] * 200, "es")
    assert server.stats()["requests"] < 100
    assert KEY not in str(raised.value) + caplog.text


def test_nobody_at_the_address_ends_the_run_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        translator = LLM(f"http://127.0.0.1:{free.getsockname()[1]}/v1", "apertium")
        with pytest.raises(ChildProcessError, match=r"endpoint http://127.0.0.1:\d+/v1"):
            translator.translate([MOON] * 100, "es")
        translator.close()


def test_parameters_that_a_server_does_not_know_are_left_out(server, translator):
    server.control(refused_parameters=["logprobs", "seed", "temperature", "max_tokens"])
    assert translator.translate([MOON], "es")[0].text
    body = server.stats()["bodies"][-1]
    assert body.keys() == {"model", "messages", "max_completion_tokens"}


def open_llm(**options):
    given = {"endpoint": "http://localhost:1/v1", "model": "m", **options}
    return open_translator(TranslatorConfig("llm", tuple(sorted(given.items()))))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"endpoint": ""}, "llm needs --endpoint URL and --model NAME"),
        ({"model": ""}, "llm needs --endpoint URL and --model NAME"),
        ({"endpoint": "localhost:8000"}, "wanted an address such as"),
        ({"endpoint": f"http://me:{KEY}@localhost/v1"}, "without user"),
        ({"endpoint": f"http://localhost/v1?key={KEY}"}, "without user"),
        ({"endpoint": "http://localhost:port/v1"}, "wanted an address such as"),
        ({"key_variable": KEY}, "name of an environment variable"),
        ({"concurrency": 0}, "concurrency must be positive"),
        ({"candidates": 2}, "--candidates N needs --scorer"),
        ({"scorer": "os:getcwd"}, "--candidates N needs --scorer"),
        ({"candidates": 2, "scorer": "nowhere:score"}, "scorer 'nowhere:score'"),
        ({"prompt": "/nowhere"}, "--prompt /nowhere: cannot be read"),
    ],
)
def test_options_that_cannot_be_used_are_refused_without_telling_secrets(options, message):
    with pytest.raises(ValueError, match=message) as raised:
        open_llm(**options)
    assert KEY not in str(raised.value)


def test_the_memory_key_has_the_prompt_and_the_host_but_no_port_price_or_key(tmp_path):
    def parameters(**options):
        return dict(open_llm(**options).info("es").parameters)

    ours = parameters()
    assert ours["endpoint"] == "localhost"
    assert ours["prompt"] == "tandemqa 1"
    same = {"endpoint": "http://localhost:2/v1", "concurrency": 2, "price_per_million_input": 3.0}
    assert parameters(**same) == ours
    file = tmp_path / "prompt.txt"
    file.write_text("English: {text}\nIn {language}, as {json}:")
    own = parameters(prompt=str(file))
    file.write_text("English: {text}\nIn {language}, as {xml}:")
    assert len({ours["prompt"], own["prompt"], parameters(prompt=str(file))["prompt"]}) == 3
    assert KEY not in repr(open_llm().info("es"))


def test_a_prompt_without_its_places_is_refused(tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_text("Translate into {language}!")
    with pytest.raises(ValueError, match=r"\{text\} must stand in it"):
        open_llm(prompt=str(file))
    file.write_text("Translate {text} into {language}!")
    open_llm(prompt=str(file))
    with pytest.raises(ValueError, match=r"\{context\} must stand in it"):
        open_llm(prompt=str(file), context=1)


def test_a_text_with_braces_stays_as_it_is(server, tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_text("Into {language} {x}:\nEnglish: {text}\n")
    translator = LLM(server.endpoint, "apertium", prompt=str(file))
    translator.translate(["The {language} is here."], "es")
    translator.close()
    prompt = server.stats()["bodies"][0]["messages"][0]["content"]
    assert prompt == "Into Spanish {x}:\nEnglish: The {language} is here."


def shortest(pairs, lang):
    """Score candidates: a scorer as users write it."""
    return [-len(translation) for _, translation in pairs]


def one_score(pairs, lang):
    return [1.0]


def test_the_best_of_several_candidates_is_taken_and_doubtful_ones_do_not_count(server):
    scorer = f"{__name__}:shortest"
    translator = LLM(server.endpoint, "apertium", candidates=4, scorer=scorer)
    plain = LLM(server.endpoint, "apertium")
    server.control(habits_by_seed={"0": "twice", "1": "quotes", "3": "refusal"})
    texts = [QUESTION, HOUSE]
    best = [answer.text for answer in translator.translate(texts, "es")]
    stats = server.stats()
    assert {(body["seed"], body["temperature"]) for body in stats["bodies"]} == {
        *((0, 0), (1, 0.7), (2, 0.7), (3, 0.7))
    }
    assert stats["asked"] == {QUESTION: 4, HOUSE: 4}
    assert translator.take_usage().output_tokens == stats["output_tokens"]
    server.control()
    good = [answer.text for answer in plain.translate(texts, "es")]
    assert best == good
    assert translator.info("es").parameters != plain.info("es").parameters
    assert ("scorer", scorer) in translator.info("es").parameters
    translator.close()
    plain.close()


def test_when_all_candidates_are_doubtful_it_is_asked_once_more_and_strictly(server):
    translator = LLM(
        server.endpoint, "apertium", candidates=3, scorer=f"{__name__}:shortest", concurrency=1
    )
    server.control(habits={HOUSE: "preamble"})
    assert translator.translate([HOUSE], "es")[0].error == ""
    assert server.stats()["asked"] == {HOUSE: 4}
    server.control(habits={HOUSE: "preamble"}, stubborn=True)
    assert translator.translate([HOUSE], "es")[0].error == "llm_commented"
    translator.close()


def test_a_scorer_that_scores_too_few_ends_the_run(server):
    translator = LLM(server.endpoint, "apertium", candidates=2, scorer=f"{__name__}:one_score")
    server.control(habits_by_seed={"1": "twice"})
    with pytest.raises(UnusableScorer, match="1 scores for 2 pairs"):
        translator.translate([HOUSE], "es")
    translator.close()


def test_a_context_is_shown_but_neither_translated_nor_judged(server, tmp_path):
    passage = [Segment(text, 0, len(text)) for text in (MOON, HOUSE, LONG)]
    requests = [segment.asked for segment in add_context(passage, passage, 1)]
    translator = LLM(server.endpoint, "apertium", context=1)
    plain = LLM(server.endpoint, "apertium")
    shown = translator.translate(requests, "es")
    prompts = [body["messages"][-1]["content"] for body in server.stats()["bodies"]]
    assert shown == plain.translate([MOON, HOUSE, LONG], "es")
    assert sorted(prompt.count(MOON) + prompt.count(LONG) for prompt in prompts) == [2, 2, 2]
    assert translator.count_tokens(requests, "es") == plain.count_tokens([MOON, HOUSE, LONG], "es")
    assert translator.info("es").parameters != plain.info("es").parameters
    path = tmp_path / "prompt.txt"
    path.write_text("{context}|{language}|English: {text}\n")
    LLM(server.endpoint, "apertium", context=1, prompt=str(path)).translate(requests[:1], "es")
    asked = server.stats()["bodies"][-1]["messages"][-1]["content"]
    assert asked == f"{MOON} {HOUSE}|Spanish|English: {MOON}"[: len(asked)]
    translator.close()
    plain.close()


def test_human_translations_are_hardly_ever_doubted(data):
    def texts(code):
        articles = json.loads((data / "xquad-r" / f"{code}.json").read_text())["data"]
        paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
        for asked in (asked for paragraph in paragraphs for asked in paragraph["qas"]):
            yield asked["question"]
            yield asked["answers"][0]["text"]

    english = list(texts("en"))
    for code in ("ar", "de", "es", "hi", "ru", "zh-Hans"):
        pairs = zip(english, texts(code.split("-")[0]), strict=True)
        faults = [find_fault(source, target, LANGUAGES[code]) for source, target in pairs]
        assert sum(map(bool, faults)) <= 0.015 * len(faults), code


def test_every_language_can_be_asked_for():
    translator = open_llm()
    assert all(translator.info(code) for code in LANGUAGES if code != "en")
    with pytest.raises(ValueError, match="unknown language code"):
        translator.info("xx")
