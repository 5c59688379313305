"""Advice of the library spelled as it is typed on a command line.

The library tells its users what to type in Python; one table turns that into options of the verbs.
"""

import re

_PHRASES = (
    (r'parameters=\{"(\w+)": 1\.0\}', r"-p \1=1.0"),
    (r"zoo\.list_models\(pretrained=False\)", "zoo list --families"),
    (r"zoo\.list_models\(\)", "zoo list"),
    (r"zoo\.list_recipes\(\)", "zoo list --recipes"),
    (r"physics\.list_systems\(\)", "zoo systems"),
    (r"help\(zoo\.(\w+)\)", r"zoo \1 --help"),
    (r"initial=\{'(\w+)': …\}", r"-i \1=VALUE"),
    (r"give times=…", "give --times 10"),
    (r"give controls=…", "give --control NAME=VALUE"),
    (r'method="(\w+)"', r"--method \1"),
    (r"noise='(\w+)'", r"--noise \1"),
    (r" \(system\.with_values\)", " with -p"),
    (r" or more segments", ""),
    (r"pass overwrite=True or choose", "choose"),
    (r"resume it with checkpoints\.load_run", "go on with it with --resume"),
    (r"load it with checkpoints\.load", "give it as MODEL"),
    (r", and change cards only with checkpoints\.annotate\(path, field=value\)", ""),
    (r"begin the run there without resume", "leave --resume out to begin one there"),
    (r"holds a run; resume it, or choose", "holds a run; go on with it with --resume, or choose"),
    (r"resume it with more steps", "go on with it with --resume and more steps"),
    (r"give its known part as known=…", "give its known part with --known"),
    (r"with data=…", "with DATA after the model"),
    (r"; physics\.load makes one of a \.csv or \.nc file", ""),
    (r"leave it out with targets=… or vary it", "leave it out with --targets, or vary it"),
    (r"lower degree=(\d+), list fewer terms in library=, or", "take a lower --degree, or"),
    (r"lower the degree, or list the terms in library=", "take a lower --degree"),
    (r" \(auxiliary= names those that laws may hold\)", ""),
    (r"\btargets=\[\]", "--targets"),
    (r"\b(targets|inputs|time|tune)= ", r"--\1 "),
    (r"time=[\"'](discrete|continuous)[\"']", r"--time \1"),
    (r" \(data\.assign_coords\(time=\[0, 1, 2, …\]\)\)", ""),
    (r", or list fewer terms in library=", ""),
    (r", or leave a term out with library=", ""),
    (r"compare moments of physics\.solve with", "compare moments of zoo solve with"),
    (r"; free fewer parameters", "; name fewer parameters with --free"),
)
_TABLE = [(re.compile(pattern), typed) for pattern, typed in _PHRASES]


def spelled(sentence: str) -> str:
    """`sentence` with its advice for Python as options and verbs.

    >>> spelled('unknown checkpoint "lv"; see zoo.list_models()')
    'unknown checkpoint "lv"; see zoo list'
    """
    for pattern, typed in _TABLE:
        sentence = pattern.sub(typed, sentence)
    return sentence
