"""The folders are the registries; every shipped checkpoint loads, predicts and keeps its word."""

import pytest

import checkpoints
import zoo
from zoo import registry
from zoo.model import ACCEPTS, Model
from zoo.registry import ABILITIES

SHIPPED = zoo.list_models(pretrained=True)


@pytest.mark.parametrize("name", registry.families())
def test_families_keep_the_contract(name):
    model = registry.family(name).MODEL
    assert issubclass(model, Model) and model.family == name
    assert model.abilities == set(registry.literal(name, "ABILITIES")) <= set(ABILITIES)
    assert model.accepts == set(registry.literal(name, "ACCEPTS")) <= set(ACCEPTS)
    assert registry.family(name).__doc__


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_checkpoints_load_and_predict(name):
    model = zoo.load(name)
    said = model.predict()
    assert all(bool(v.notnull().all()) for v in said.data_vars.values())
    card = checkpoints.read_card(name)
    assert card.recipe in zoo.list_recipes() and card.architecture == name.split(".")[0]


@pytest.mark.turns
@pytest.mark.parametrize("name", SHIPPED)
def test_cards_are_re_made_from_the_loaded_weights(name):
    verified = zoo.verify(name)
    assert verified.passed, str(verified)


def test_listing_filters():
    assert "upinn.lotka-volterra" in zoo.list_models("upinn*", pretrained=True, ability="law")
    assert zoo.list_models(pretrained=True, dim=3) == []
    assert zoo.list_models("nothing*") == []
    with pytest.raises(ValueError, match='nearest: "forecast"'):
        zoo.list_models(ability="forcast")


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="upinn.lotka-volterra"):
        zoo.load("upinn.lotka-voltera")
    with pytest.raises(ValueError, match='nearest: "upinn"'):
        zoo.create("upin", None)
    with pytest.raises(ValueError, match="upinn-lotka-volterra"):
        zoo.train("upinn-lotka")


def test_a_family_and_a_checkpoint_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.py").write_text(
        '"""Mine."""\nABILITIES = ("law",)\nfrom zoo.models.upinn.model import UPINN as MODEL\n'
    )
    monkeypatch.setenv("ZOO_PATH", str(tmp_path))
    assert "mine" in zoo.list_models(pretrained=False, ability="law")
    assert registry.family("mine").MODEL.family == "upinn"


def test_a_model_says_in_one_line_what_it_is():
    for name in zoo.list_models(pretrained=True):
        text = repr(zoo.load(name))
        assert len(text.splitlines()) == 1 and len(text) < 300 and "numbers" in text
