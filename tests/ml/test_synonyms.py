"""The words that people type for a label."""

from __future__ import annotations

import pytest

from ml import synonyms, taxonomy

pytestmark = pytest.mark.pure


def test_it_works():
    assert "PTX" in synonyms.words()["pneumothorax"].synonyms


def test_every_label_has_words_in_the_order_of_the_taxonomy():
    assert list(synonyms.words()) == list(taxonomy.labels())
    assert all(words.synonyms for words in synonyms.words().values())


def test_short_names_fit_a_narrow_column_and_stand_for_one_label_each():
    shorts = [words.short for words in synonyms.words().values()]
    assert max(map(len, shorts)) <= 21
    assert len(set(shorts)) == len(shorts)


def test_no_word_stands_for_two_labels_or_repeats_a_name():
    taken = {label.name.casefold(): slug for slug, label in taxonomy.labels().items()}
    for slug, words in synonyms.words().items():
        for word in words.synonyms:
            assert taken.setdefault(word.casefold(), word) == word, (slug, word)
            assert word == word.strip()


def test_a_row_of_no_label_is_refused(monkeypatch, tmp_path):
    table = tmp_path / "synonyms.csv"
    table.write_text("slug,short,synonyms\nno_such_label,,x\n")
    monkeypatch.setattr(synonyms, "TABLE", table)
    synonyms.words.cache_clear()
    with pytest.raises(ValueError, match="no_such_label"):
        synonyms.words()
    synonyms.words.cache_clear()
