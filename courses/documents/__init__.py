"""Texts from document-sharing sites, made readable again: decode, clean, repair, split, give structure.

Pure: bytes or lines in, dataclasses out. Readers of file formats stand in courses/importers.
"""

from courses.documents.decoding import decode
from courses.documents.reading import understand
from courses.documents.shapes import (
    Block,
    Document,
    DocumentProblem,
    Loss,
    LossKind,
    ProblemCode,
    Repair,
    SourceLine,
)

__all__ = [
    "Block",
    "Document",
    "DocumentProblem",
    "Loss",
    "LossKind",
    "ProblemCode",
    "Repair",
    "SourceLine",
    "decode",
    "understand",
]
