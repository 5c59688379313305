import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoints import Card, CheckpointError
from checkpoints.sealed import plain, seal

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


def resealed(card: Card, **changes) -> str:
    """The JSON of a card with fields put in (or taken out by `...`), sealed anew."""
    document = json.loads(card.to_json())
    del document["seal"]
    document |= {name: value for name, value in changes.items() if value is not ...}
    return seal({name: value for name, value in document.items() if changes.get(name) is not ...})


def one_sentence(error) -> bool:
    text = str(error.value)
    return "\n" not in text and 20 < len(text) < 400


@given(config=st.dictionaries(st.text(), values), limits=st.text())
@settings(max_examples=30, deadline=None)
def test_any_json_survives(config, limits):
    try:
        card = Card(name="a", architecture="b", config=config, limits=limits)
    except CheckpointError as error:
        assert "Unicode" in str(error)  # lone surrogates
        return
    again = Card.from_json(card.to_json().encode())
    assert again == card
    assert repr(again.config) == repr(card.config)  # -0.0, and 1 against 1.0


def test_full_card_survives_and_is_readable(card):
    text = card.to_json()
    assert Card.from_json(text) == card
    assert "only 0.5 ≤ a ≤ 1.5" in text
    assert text.splitlines()[1].strip().startswith('"format"')
    assert max(map(len, text.splitlines())) < 200


def test_reformatted_card_is_still_valid(card):
    document = json.loads(card.to_json())
    assert Card.from_json(json.dumps(document, indent=7, sort_keys=True)) == card


def test_values_are_copied_and_tuples_become_lists():
    config = {"widths": (8, 16)}
    card = Card(name="a", architecture="b", config=config)
    config["widths"] = ()
    assert card.config == {"widths": [8, 16]}


def test_unknown_fields_of_a_newer_card_survive(card):
    text = resealed(card, carbon_kg=0.1, authors=[{"name": "Ω"}])
    newer = Card.from_json(text)
    assert newer.extra == {"carbon_kg": 0.1, "authors": [{"name": "Ω"}]}
    assert json.loads(newer.to_json()) == json.loads(text)
    assert Card.from_json(newer.to_json()) == newer


@pytest.mark.parametrize("name", [f.name for f in fields(Card) if f.name != "extra"])
def test_every_field_is_required_and_typed(card, name):
    with pytest.raises(CheckpointError, match="format|lacks") as error:
        Card.from_json(resealed(card, **{name: ...}), "the card of x")
    assert one_sentence(error) and "the card of x" in str(error.value)
    wrong = [] if name in ("config", "law") else {"a": {"b": None}}
    if name in ("config", "law", "ranges"):
        wrong = 3
    with pytest.raises(CheckpointError, match=name) as error:
        Card.from_json(resealed(card, **{name: wrong}), "the card of x")
    assert one_sentence(error)


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", "  "),
        ("steps", -1),
        ("steps", True),
        ("wall_time_s", -1.0),
        ("created", "yesterday"),
        ("seeds", [0.5]),
        ("systems", ["burgers"]),
        ("versions", {"jax": 1}),
        ("metrics", {"error": 0.1}),
        ("metrics", {"error": {"value": 0.1}}),
        ("metrics", {"error": {"value": "low", "tolerance": 0}}),
        ("metrics", {"error": {"value": 1, "tolerance": 0, "baselines": {"mean": None}}}),
        ("arrays", {"w": {"shape": [2, -1], "dtype": "float32"}}),
        ("arrays", {"w": {"shape": [2]}}),
        ("config", {"width": float("nan")}),
        ("config", {"width": float("inf")}),
        ("config", {"width": np.float32(1)}),
        ("config", {0: "int key"}),
        ("config", {"a": object()}),
        ("config", {"a": "\ud800"}),
        ("extra", {"name": "clash"}),
        ("extra", {"seal": "clash"}),
    ],
)
def test_wrong_values_are_refused_when_made(card, field, value):
    with pytest.raises(CheckpointError, match=field) as error:
        replace(card, **{field: value})
    assert one_sentence(error)


def test_numpy_float64_is_a_float(card):
    value = replace(card, wall_time_s=np.float64(2.5)).wall_time_s
    assert value == 2.5 and type(value) is float
    assert replace(card, wall_time_s=3).wall_time_s == 3.0


def test_newer_format_asks_for_an_upgrade(card):
    with pytest.raises(CheckpointError, match="upgrade"):
        Card.from_json(resealed(card, format=2))


def test_every_cut_and_every_changed_digit_is_noticed(card):
    data = card.to_json().encode()
    for length in range(0, len(data) - 2, 37):
        with pytest.raises(CheckpointError, match="copy the folder again"):
            Card.from_json(data[:length])
    for place in [i for i, byte in enumerate(data) if chr(byte).isdigit()]:
        changed = bytearray(data)
        changed[place] = ord("8") if changed[place] != ord("8") else ord("3")
        with pytest.raises(CheckpointError):
            Card.from_json(bytes(changed))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "{}", "nonsense", b"\xff\xfe", b"PK\x03\x04", "[" * 100_000, '{"a": NaN}'],
)
def test_what_is_no_card_is_refused(text):
    with pytest.raises(CheckpointError) as error:
        Card.from_json(text)
    assert one_sentence(error)


def test_infinity_spelt_as_a_huge_number_is_refused(card):
    with pytest.raises(CheckpointError):
        Card.from_json(card.to_json().replace("12.5", "1e999"))


def test_size_counts_numbers_by_collection():
    arrays = {
        "w": {"shape": [3, 4], "dtype": "float32", "collection": "Param"},
        "mean": {"shape": [], "dtype": "float32", "collection": "Statistics"},
        "none/": {},
    }
    card = Card(name="a", architecture="b", config={}, arrays=arrays)
    assert (card.size(), card.size("Param"), card.size("Cache")) == (13, 12, 0)


def test_plain_names_the_place():
    with pytest.raises(CheckpointError, match=r"config\.a\[1\]"):
        plain({"a": [1, float("nan")]}, "config")
