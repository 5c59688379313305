"""README and documents: their snippets run, their links and commands exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SNIPPET = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md"]


@pytest.mark.turns
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_snippets_of_documents_run(path, tmp_path):
    script = "\n".join(SNIPPET.findall(path.read_text(encoding="utf-8")))
    if path.name == "README.md":
        assert "zoo.load(" in script
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{script}"],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_links_and_commands_of_documents_exist(path):
    from zoo.cli.app import app

    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"
    for target in re.findall(r"\bmake ([a-z-]+)", " ".join(code_of(text))):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
    verbs = {command.name or command.callback.__name__ for command in app.registered_commands}
    for verb in re.findall(r"(?:^|[\s`])zoo ([a-z]+)", "\n".join(code_of(text))):
        assert verb in verbs, f"{path.name} names zoo {verb}"


def code_of(text: str) -> list[str]:
    """Fenced blocks and inline code."""
    fenced = re.findall(r"^```(?:console|sh|bash|text)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [*fenced, *re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)]


def test_the_readme_names_everything_there_is():
    import physics
    import symbolic
    import zoo

    words = set(re.findall(r"[\w.-]+", (ROOT / "README.md").read_text(encoding="utf-8")))
    families = {name.lower() for name in zoo.list_models(pretrained=False)}
    assert families <= {word.lower() for word in words}
    assert {*physics.list_systems(), *zoo.list_models(pretrained=True)} <= words
    assert set(symbolic.list_targets()) <= words
