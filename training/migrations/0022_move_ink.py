"""Move the ink of letters and practical checks into tables of its own, from which lawful erasure can take it.

The row keeps the digest of its ink and how it was signed; its own `sha256`, which the ledger vouches for, was made
from that digest and is not touched. A row altered before agrees with its `sha256` no more afterwards than before.
The column is emptied and not only dropped: PostgreSQL keeps the bytes of a dropped column until the row is written anew.

All ink is moved, that of people whose names are erased already too: a legal hold may stand against deleting it.
`manage.py forget_left_signatures` takes it, and minds holds.

Backwards the ink goes back into the column; where it was erased meanwhile the column stays empty, and going back past
0021 loses the digest of that ink: such a row's `sha256` can then no longer be worked out from the row.
"""

import hashlib
import re

from django.db import migrations

from common.append_only import append_only, changeable

BATCH = 200  # a mark has up to 20,000 characters
DRAWN = re.compile(r"(?:M\d{1,3} \d{1,3}(?:L\d{1,3} \d{1,3})*)+")
MOVED = (("LetterSignature", "LetterMark", "letter"), ("PracticalCheck", "PracticalCheckMark", "practical_check"))


def _batches(rows):
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def out_of_the_rows(apps, schema_editor):
    for fact_name, mark_name, key in MOVED:
        facts, marks = (apps.get_model("training", name).objects for name in (fact_name, mark_name))
        for batch in _batches(facts.exclude(signature="")):
            marks.bulk_create(marks.model(**{f"{key}_id": fact.pk}, mark=fact.signature) for fact in batch)
            for fact in batch:
                fact.signed_by = "hand" if DRAWN.fullmatch(fact.signature) else "name"
                fact.signature_sha256 = hashlib.sha256(fact.signature.encode()).hexdigest()
                fact.signature = ""
            facts.bulk_update(batch, ["signed_by", "signature_sha256", "signature"])


def back_into_the_rows(apps, schema_editor):
    for fact_name, mark_name, key in MOVED:
        facts, marks = (apps.get_model("training", name).objects for name in (fact_name, mark_name))
        for batch in _batches(marks.select_related(key)):
            for mark in batch:
                getattr(mark, key).signature = mark.mark
            facts.bulk_update([getattr(mark, key) for mark in batch], ["signature"])
        marks.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0021_marks_of_letters_and_checks"),
    ]

    operations = [
        changeable("training_lettersignature"),
        changeable("training_practicalcheck"),
        migrations.RunPython(out_of_the_rows, back_into_the_rows),
        append_only("training_lettersignature"),
        append_only("training_practicalcheck"),
    ]
