import pytest

from translators.apertium_tagger import complete_tagger

# The tagger's file format, by hand: four tags named 0 to 3; the open class is {0, 1, 2, 3}; known
# classes are each single tag, the open class and {0, 1, 2}.
NAMES = b"\x04" + b"".join(b"\x01" + name for name in (b"0", b"1", b"2", b"3"))
INDEX = b"\x04" + b"".join(b"\x01" + bytes([48 + tag, tag]) for tag in range(4))
HEAD = b"\x04\x00\x01\x01\x01" + b"\x00" + NAMES + INDEX + b"\x00" * 3
CLASSES = [(0,), (1,), (2,), (3,), (0, 1, 2, 3), (0, 1, 2)]
TRANSITIONS = bytes(range(128))
REST = b"patterns"


def tagger(classes: list[tuple[int, ...]], emissions: dict[tuple[int, int], bytes]) -> bytes:
    return b"".join(
        [
            HEAD,
            bytes([len(classes)]),
            *(bytes([len(tags), *tags]) for tags in classes),
            bytes([4, len(classes)]),
            TRANSITIONS,
            bytes([len(emissions)]),
            *(bytes(place) + value for place, value in emissions.items()),
            REST,
        ]
    )


EMISSIONS = {(tag, 5): bytes([tag] * 8) for tag in range(3)} | {(3, 4): b"original"}
ADDED = [(0, 1), (0, 2), (1, 2)]


def test_each_part_of_a_known_class_is_added_with_the_probabilities_of_that_class():
    emissions = EMISSIONS | {
        (tag, 6 + number): EMISSIONS[tag, 5] for number, pair in enumerate(ADDED) for tag in pair
    }
    assert complete_tagger(tagger(CLASSES, EMISSIONS)) == tagger(CLASSES + ADDED, emissions)


def test_complete_data_stay_as_they_are():
    complete = complete_tagger(tagger(CLASSES, EMISSIONS))
    assert complete_tagger(complete) == complete


@pytest.mark.parametrize("data", [b"", b"\x04", b"TMX\x00" * 50, HEAD, tagger(CLASSES, {})[:-100]])
def test_other_data_are_refused(data):
    with pytest.raises(ValueError, match="HMM"):
        complete_tagger(data)
