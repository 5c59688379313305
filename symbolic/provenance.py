"""With what a law was found."""

from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("dynamics-zoo", "jax", "numpy", "scipy", "sympy", "pyoperon")


def versions() -> dict[str, str]:
    """{package: version} of those that are installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
