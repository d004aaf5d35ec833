"""Texts compared by words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mergecells.transforms.word_diff import diff_words, show_words

TEXTS = st.text(alphabet="ab .,\n", max_size=60)


@given(TEXTS, TEXTS)
def test_diff_words_pieces_make_both_texts(old: str, new: str) -> None:
    """Nothing is lost, and what stays is in both."""
    pieces = diff_words(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == new


def test_show_words_marks_the_words_and_cuts_what_is_far() -> None:
    """One word changed in a long text shows that word and what stands around it."""
    old = "start " + "word " * 200 + "of 30 words."
    shown = show_words(diff_words(old, old.replace("30", "25")), around=19)
    assert shown == "… word word word of [-30-]{+25+} words."
    assert show_words(diff_words(old, old)) == ""
