"""The rules of the house, read off the source: arrows, laziness, safety, size, docstrings."""

import ast
import importlib
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARROWS = {
    "physics": set(),
    "symbolic": {"physics"},
    "zoo": {"physics", "symbolic", "checkpoints"},
    "checkpoints": set(),
}
FILES = sorted(path for package in ARROWS for path in (ROOT / package).rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
every_file = pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
every_package = pytest.mark.parametrize("package", ARROWS)


def test_there_are_files():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(ARROWS)


# -- arrows and laziness -------------------------------------------------------------------


def imported(path: Path) -> Iterator[str]:
    """Absolute names of all modules that a file imports, anywhere in it, by any spelling."""
    inside = path.relative_to(ROOT).with_suffix("").parts
    package = inside if path.name == "__init__.py" else inside[:-1]
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            near = package[: len(package) - node.level + 1] if node.level else ()
            yield ".".join([*near, *([node.module] if node.module else [])])
        elif isinstance(node, ast.Call) and dotted(node.func).endswith("import_module"):
            if node.args and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


@every_file
def test_imports_follow_the_arrows(path):
    own = path.relative_to(ROOT).parts[0]
    roots = {name.split(".")[0] for name in imported(path)}
    assert roots & set(ARROWS) - {own} <= ARROWS[own]
    assert not roots & {"tests", "benchmarks"}


@pytest.mark.parametrize(
    "module",
    [
        "physics", "symbolic", "zoo", "checkpoints", "physics.system", "physics.parser",
        "physics.formula", "physics.units", "physics.catalogue", "physics.text",
        "symbolic.exporters", "zoo.registry", "zoo.cli", "zoo.cli.app",
    ],
)  # fmt: skip
def test_imports_are_light(module):
    heavy = ["jax", "flax", "optax", "orbax", "xarray", "diffrax", "matplotlib", "scipy", "pandas"]
    script = (
        f"import {module}, sys, json; print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    )
    assert json.loads(run_python(script)) == []


def run_python(script: str, **options) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def at_import(tree: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """(node, is a decorator) of everything that runs when the module is imported."""
    queue = [(child, False) for child in ast.iter_child_nodes(tree)]
    while queue:
        node, decorator = queue.pop()
        if isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"):
            continue
        yield node, decorator
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            defaults = [*node.args.defaults, *node.args.kw_defaults]
            queue += [(d, True) for d in getattr(node, "decorator_list", ())]
            queue += [(d, False) for d in defaults if d is not None]
        elif isinstance(node, ast.ClassDef):
            queue += [(d, True) for d in node.decorator_list]
            queue += [(child, False) for child in (*node.bases, *node.body)]
        else:
            queue += [(child, decorator) for child in ast.iter_child_nodes(node)]


@every_file
def test_no_arrays_are_made_at_import(path):
    names = set()
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            names |= {(a.asname or a.name).split(".")[0] for a in node.names if a.name[:3] == "jax"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "jax":
            names |= {alias.asname or alias.name for alias in node.names}
    made = [
        f"line {node.lineno}: {dotted(node.func)}"
        for node, decorator in at_import(TREES[path])
        if isinstance(node, ast.Call) and not decorator
        and dotted(node.func).split(".")[0] in names - {""}
    ]  # fmt: skip
    assert made == []


def test_importing_every_module_starts_no_backend():
    modules = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in FILES]
    modules = [m.removesuffix(".__init__") for m in modules if not m.endswith("__main__")]
    run_python(
        f"import importlib\nfor name in {modules}: importlib.import_module(name)\n"
        "from jax._src import xla_bridge\n"
        "assert not xla_bridge.backends_are_initialized()\n"
        "import physics, symbolic, zoo, checkpoints, types\n"
        "for package in (physics, symbolic, zoo, checkpoints):\n"
        "    for name in package.__all__:\n"
        "        value = getattr(package, name)\n"
        "        assert not isinstance(value, types.ModuleType), f'a module shadows {name}'\n"
    )


@every_package
def test_public_names_resolve(package):
    module = importlib.import_module(package)
    assert module.__all__ and len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert callable(getattr(module, name)), name
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match="no_such_thing"):
        getattr(module, "no_such_thing")  # noqa: B009


# -- safety --------------------------------------------------------------------------------

FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "srepr", "parse_expr", "lambdify", "S",
    "sympy.srepr", "sympy.S", "sympy.lambdify", "sympy.parse_expr", "sympy.evalf", "os.system",
    "os.popen", "np.fromregex", "yaml.load", "yaml.unsafe_load",
}  # fmt: skip
FORBIDDEN_MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "sympy.parsing",
    "sympy.parsing.sympy_parser", "numexpr", "subprocess", "ctypes",
}  # fmt: skip


@every_file
def test_nothing_evaluates_or_unpickles(path):
    assert set(imported(path)) & FORBIDDEN_MODULES == set()
    for node in ast.walk(TREES[path]):
        if not isinstance(node, ast.Call):
            continue
        name, where = dotted(node.func), f"line {node.lineno}"
        keywords = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
        assert name not in FORBIDDEN_CALLS, where
        assert keywords.get("allow_pickle") is not True, where
        if name.split(".")[-1] == "sympify":
            assert keywords.get("strict") is True, f"{where}: sympify reads text unless strict=True"


# -- size, names, docstrings ---------------------------------------------------------------


@every_file
def test_files_hold_one_idea(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    assert path.stem not in ("utils", "util", "helpers", "helper", "base", "common", "misc")


def public_definitions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Classes and functions that a reader of the module or of a public class meets."""
    for child in getattr(node, "body", ()):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name.startswith("_"):
                continue
            yield prefix + child.name, child
            if isinstance(child, ast.ClassDef):
                yield from public_definitions(child, f"{prefix}{child.name}.")


@every_file
def test_public_things_are_documented(path):
    if path.stem.startswith("_") and path.stem != "__init__":
        pytest.skip("a private module")
    assert ast.get_docstring(TREES[path]), "the module has no docstring"
    bare = [n for n, node in public_definitions(TREES[path]) if not ast.get_docstring(node)]
    assert bare == []


# -- registries ----------------------------------------------------------------------------


def stems(folder: str) -> set[str]:
    """Names that files and packages of a registry folder give."""
    found = (ROOT / folder).iterdir()
    names = {p.stem for p in found if p.suffix == ".py" or (p / "__init__.py").is_file()}
    return {name.replace("_", "-") for name in names if not name.startswith("_")}


def test_every_file_of_a_registry_folder_is_picked_up():
    import physics
    import symbolic
    import zoo

    listed = {
        "physics/systems": physics.list_systems(),
        "symbolic/engines": symbolic.list_engines(),
        "symbolic/exporters": symbolic.list_targets(),
        "zoo/models": zoo.list_models(pretrained=False),
        "zoo/recipes": zoo.list_recipes(),
    }
    for folder, names in listed.items():
        assert stems(folder), folder
        assert stems(folder) <= {name.replace("_", "-") for name in names}, folder
        assert names == sorted(names), folder


def test_every_recipe_belongs_to_a_checkpoint_and_every_checkpoint_to_a_recipe():
    import checkpoints
    import zoo
    from zoo import registry

    made = {name: registry.recipe(name).CHECKPOINT for name in zoo.list_recipes()}
    shipped = checkpoints.names()
    assert sorted(made.values()) == shipped
    for name in shipped:
        card = checkpoints.read_card(name)
        assert made[card.recipe] == name
        assert card.architecture in zoo.list_models(pretrained=False)
        assert card.metrics and card.limits and card.licence == "Apache-2.0"


# -- what is tracked -----------------------------------------------------------------------


def tracked() -> list[Path]:
    """Files that are, or would be, under version control."""
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_machine_is_named():
    here = [str(ROOT), str(Path(sys.prefix))]
    here += [name for name in {socket.gethostname(), socket.getfqdn()} if len(name) > 9]
    paths = re.compile(rb"(?<![\w.])/(home|Users|root|mnt|work)/[A-Za-z]|[A-Z]:\\\\?Users")
    for path in tracked():
        content = path.read_bytes()
        assert not [name for name in here if name.encode() in content], path
        assert not paths.search(content), path


def test_nothing_large_or_forgotten_is_tracked():
    for path in tracked():
        assert path.stat().st_size < 5_000_000, path
        assert path.suffix not in (".pyc", ".pkl", ".pickle", ".orig", ".rej", ".npy"), path
