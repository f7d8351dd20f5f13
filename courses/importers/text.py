"""Reader of plain text files."""

from courses.documents import Document, decode, understand
from courses.documents.reading import lines_of


def read_text(data: bytes, *, fallback_title: str) -> tuple[list[Document], str]:
    """Return the documents in a text file and the name of its encoding. Raises DocumentProblem."""
    text, encoding = decode(data)
    return understand(lines_of(text), fallback_title=fallback_title), encoding
