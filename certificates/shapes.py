"""The shapes kept in the JSON fields of this room."""

from typing import TypedDict


class PrintedFields(TypedDict):
    """Every field printed on a certificate, as text. The public page shows the same, so an edited PDF is found out.

    An empty text means that the field is not printed. `hours` is in 学时, `score` out of 100,
    `record_hash` the whole leaf hash (the paper shows its first characters).
    """

    number: str
    title: str
    name: str
    employee_no: str
    unit: str
    post: str
    programme: str
    body: str
    footnote: str
    hours: str
    score: str
    completed_on: str
    issued_on: str
    valid_until: str
    issuer: str
    record_seq: str
    record_hash: str
