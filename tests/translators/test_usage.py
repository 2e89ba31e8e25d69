"""What translators say of their own work."""

from translators.apertium import Apertium
from translators.engine import Batch, plan_batches
from translators.isolation import isolate
from translators.marian import Marian
from translators.registry import TranslatorConfig
from translators.usage import Usage

TEXTS = ["Good morning.", "Where is the library?", "Thank you."]


def test_padding_is_what_batches_hold_beside_tokens():
    usage = Usage()
    usage.add_batches([Batch((0, 2), 48), Batch((1,), 48)], [10, 3, 6])
    assert usage == Usage(batches=2, tokens=19, positions=23)
    assert usage.padding_share == 1 - 19 / 23
    assert Usage().padding_share == 0.0


def test_usages_add_up():
    assert Usage(1, 2, 3, 4) + Usage(10, 20, 30, 40) == Usage(11, 22, 33, 44)


def test_a_model_counts_its_batches_and_begins_anew_when_asked(tiny_marian):
    translator = Marian(model=str(tiny_marian), batch_tokens=64)
    assert translator.take_usage() == Usage()
    translator.translate(TEXTS, "es")
    usage = translator.take_usage()
    lengths = [translator.count_tokens([text], "es") for text in TEXTS]
    expected = Usage()
    expected.add_batches(plan_batches(lengths, 64, 10**6), lengths)
    assert usage == expected
    assert translator.take_usage() == Usage()
    translator.close()


def test_a_model_in_a_process_of_its_own_tells_the_same(tiny_marian):
    config = TranslatorConfig("marian", (("batch_tokens", 64), ("model", str(tiny_marian))))
    translator = isolate(config)
    assert translator.take_usage() == Usage()  # and starts no process
    translator.translate(TEXTS, "es")
    usage = translator.take_usage()
    assert usage.batches and usage.tokens == translator.count_tokens(TEXTS, "es")
    translator.close()


def test_apertium_counts_words(apertium):
    translator = Apertium(processes=1)
    translator.translate(TEXTS, "es")
    words = translator.count_tokens(TEXTS, "es")
    assert translator.take_usage() == Usage(batches=1, tokens=words, positions=words)
    assert translator.take_usage() == Usage()
    translator.close()
