"""The scenarios, in the order in which they are written."""
import dataclasses
from typing import Any, Callable

ANYTHING = object()


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str       # the name of its function
    title: str      # the row in docs/conformance.md
    module: str
    run: Callable   # run(side): the result, comparable
    natively: Any   # the result natively, so that a scenario cannot test nothing; or ANYTHING


_all = []


def scenario(title, natively=ANYTHING):
    """Makes a scenario from a function of one side. The side is a sides.Side, with an empty scratch directory."""
    def register(function):
        _all.append(Scenario(function.__name__, title, function.__module__, function, natively))
        return function
    return register


def of_module(module):
    return [each for each in _all if each.module == module]
