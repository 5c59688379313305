"""The main job on the lynx-hare record, network seeds 0 … n−1: python -m benchmarks.lynx_hare.

Prints per seed whether the hidden terms are multiples of hare*lynx alone, their coefficients, and
the error of the simulated law on log counts against that of the published fit.
"""

import argparse
import json
import tempfile

import zoo


def main() -> None:
    """Run the demonstration once per seed and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            done = zoo.demo(folder, seed=seed, progress=False)
        rows.append(
            {"seed": seed, "exact": done.terms_exact, **done.coefficients, "error": done.log_error,
             "published": done.published_log_error, "s": done.seconds, "passed": done.passed}
        )  # fmt: skip
    if options.json:
        print("\n".join(map(json.dumps, rows)))
        return
    print("| seed | hare*lynx alone | in hare' | in lynx' | log error | published | time, s |")
    print("|---|---|---|---|---|---|---|")
    for r in rows:
        print(
            f"| {r['seed']} | {'yes' if r['exact'] else 'no'} | {r.get('hare', 0):.5f} | "
            f"{r.get('lynx', 0):.5f} | {r['error']:.4f} | {r['published']:.4f} | {r['s']:.0f} |"
        )


if __name__ == "__main__":
    main()
