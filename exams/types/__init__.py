"""Question types, one module each. A new module with a `TYPE` in this folder is a new type; nothing else changes."""

import importlib
import pkgutil

from exams.types.base import Content, MediaFacts, QuestionType, ShapeProblem


def _discover() -> dict[str, QuestionType]:
    found: dict[str, QuestionType] = {}
    for module_info in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        kind = getattr(importlib.import_module(module_info.name), "TYPE", None)
        if kind is not None:
            found[kind.kind] = kind
    return dict(sorted(found.items(), key=lambda entry: (entry[1].rank, entry[0])))


TYPES: dict[str, QuestionType] = _discover()


def type_of(kind: str) -> QuestionType:
    """Return the question type called `kind`; raise KeyError if there is none."""
    return TYPES[kind]


__all__ = ["TYPES", "Content", "MediaFacts", "QuestionType", "ShapeProblem", "type_of"]
