"""Texts as hashes and codes, and samples of persons."""

import numpy as np
import pyarrow as pa

from jobs.learning_columns import PersonSample, Words, group_starts, is_among, mixed, text_hashes


def test_equal_texts_have_equal_hashes() -> None:
    """Wherever a text stands, in whatever array; and of many texts no two have the same."""
    texts = ["", "a", "b", "ab", "ba", "aa", "\x00", "\x00\x00", "ü", "a" * 300, None]
    hashes = text_hashes(pa.array(texts))
    assert len(set(hashes.tolist())) == len(texts) - 1
    assert hashes[-1] == hashes[0]
    again = text_hashes(pa.array(["x", *reversed(texts)]).slice(1))
    assert again.tolist() == hashes[::-1].tolist()
    assert len(set(text_hashes(pa.array([f"{n}-{n % 7}" for n in range(50_000)])).tolist())) == 50_000
    assert len(text_hashes(pa.array([], pa.string()))) == 0
    assert text_hashes(pa.array(["a", "b"]).dictionary_encode()).tolist() == hashes[1:3].tolist()


def test_words_are_the_same_in_whatever_order_they_come() -> None:
    """Codes in order of arrival become codes of ordered words; '' and nothing have none."""
    for texts in (["b", "a", "", None, "b"], ["a", "b", None, "", "b"]):
        words = Words()
        first, second = (words.codes(pa.array(part, pa.string())) for part in (texts[:1], texts[1:]))
        ordered, codes = words.ordered(np.concatenate([first, second]))
        assert ordered == ("a", "b")
        assert [ordered[code] if code >= 0 else "" for code in codes] == [text or "" for text in texts]


def test_a_sample_keeps_whole_persons_whatever_their_order() -> None:
    """At most so many rows; of a person all or none; the same persons however the rows come."""
    person = mixed(np.repeat(np.arange(500, dtype=np.uint64), 3))
    rows = {"person": person, "time": np.arange(1_500.0)}
    kept = []
    for order in (np.arange(1_500), np.random.default_rng(0).permutation(1_500)):
        sample = PersonSample(400)
        for part in np.array_split(order, 7):
            sample.add({name: column[part] for name, column in rows.items()})
        found = sample.rows()
        assert found is not None
        assert 100 < len(found["person"]) <= 400
        assert sample.share == 0.25
        assert set(np.unique(found["person"], return_counts=True)[1].tolist()) == {3}
        kept.append(set(found["time"].tolist()))
    assert kept[0] == kept[1]
    assert PersonSample(1).rows() is None


def test_groups_and_members() -> None:
    """Where groups of ordered rows begin; which numbers are among others."""
    assert group_starts(np.array([1, 1, 2, 2]), np.array([0, 1, 1, 1])).tolist() == [0, 1, 2, 4]
    assert group_starts(np.empty(0)).tolist() == [0]
    numbers = np.array([5, 1, 9], np.uint64)
    assert is_among(numbers, np.array([1, 5], np.uint64)).tolist() == [True, True, False]
    assert is_among(numbers, np.empty(0, np.uint64)).tolist() == [False] * 3
