"""Write the ledger anew in format 2, which names trainers and reasons by commitment instead of in clear.

No row has been sealed yet (seals come with this release), so nothing outside can contradict the new hashes. Each
row is compared with its old hash first, and carries it on as `replaces`: what was printed or exported with the old
hash (certificates, workbooks) can still be matched to its row. See docs/adr/0004.

What the new text is made from is compared with the old one, too: the trainer, and the person as far as the old salt
tells. A person renamed since then opens the old commitment no more; nor does a row that was moved to somebody else,
so it is looked for who does. All other columns are compared by `verify_ledger` at any time afterwards.
"""

import datetime as dt
import hashlib
import hmac
import json
import secrets

from django.db import migrations

from common.append_only import changeable

FROM, TO, BATCH = 1, 2, 500


class LedgerAltered(Exception):
    """A row does not agree with its hash, so it was changed by somebody; it is not given a new one."""


def _mac(key, *parts):
    return hmac.new(key.encode(), "\n".join(map(str, parts)).encode(), "sha256").hexdigest()


def _hash(payload):
    return hashlib.sha256(b"\x00" + payload.encode()).hexdigest()


def rewrite(apps, schema_editor):
    records = apps.get_model("training", "TrainingRecord").objects.order_by("seq").select_related("employee")
    salts = apps.get_model("training", "RecordSalt")
    forgotten = apps.get_model("training", "ForgottenText")
    people = apps.get_model("people", "Employee").objects.values_list("public_id", "employee_no", "name")
    now = dt.datetime.now(dt.UTC)
    new_hashes: dict[int, tuple[str, str]] = {}  # seq -> old and new hash: later rows name earlier ones by hash
    last = 0
    while True:
        batch = list(records.filter(seq__gt=last)[:BATCH])
        if not batch:
            break
        kept = dict(salts.objects.filter(record__in=batch).values_list("record_id", "value"))
        rows, openings, gone = [], [], []
        for record in batch:
            if _hash(record.payload) != record.leaf_hash:
                raise _altered(record.seq, "its text does not agree with its hash")
            said = json.loads(record.payload)
            if said["format"] != FROM:
                continue
            if said["seq"] != record.seq:
                raise _altered(record.seq, f"its text is that of row {said['seq']}")
            if said["trainer"] != record.trainer_name:
                raise _altered(record.seq, "its trainer is not the one in its text")
            if record.pk in kept and _is_of_another(said["person"], kept[record.pk], record.employee, people):
                raise _altered(record.seq, "its text is about somebody else")
            person = secrets.token_hex(32)
            text = f"{record.employee.employee_no}\n{record.employee.name}"
            if record.pk in kept:
                openings.append(_salt(salts, record, "person", person, text, record.employee_id))
            else:
                gone.append(forgotten(record=record, field="person", forgotten_at=now))
            committed = {"trainer": "", "reason": ""}
            for field, words, about in (
                ("trainer", record.trainer_name, None),
                ("reason", said["reason"], record.employee_id),
            ):
                if not words:
                    continue
                salt = secrets.token_hex(32)
                committed[field] = _mac(salt, field, words)
                if about is not None and record.pk not in kept:
                    # The person was erased, and with it goes why the own row was corrected (forget_salts).
                    gone.append(forgotten(record=record, field=field, forgotten_at=now))
                else:
                    openings.append(_salt(salts, record, field, salt, words, about))
            said |= {
                "format": TO,
                "person": _mac(person, record.employee.public_id, text),
                "subject": _mac(str(record.employee.public_id), "subject", record.seq),
                "component": record.component_id,
                "recorded_by": record.recorded_by_id,
                "replaces": record.leaf_hash,
                **committed,
            }
            for item in said["content"]:
                old, new = new_hashes.get(item.get("record_seq"), ("", ""))
                if old and item["sha256"] == old:
                    item["sha256"] = new
            payload = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            new_hashes[record.seq] = (record.leaf_hash, _hash(payload))
            rows.append((payload, _hash(payload), record.pk))
        salts.objects.filter(record__in=[pk for _payload, _new, pk in rows]).delete()
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE training_trainingrecord SET payload = %s, leaf_hash = %s WHERE id = %s", rows
            )
        salts.objects.bulk_create(openings)
        forgotten.objects.bulk_create(gone)
        last = batch[-1].seq


def _altered(seq, what):
    return LedgerAltered(
        f"row {seq} of the training ledger was altered, {what}: "
        "restore it from a backup, then migrate again; nothing was changed"
    )


def _is_of_another(commitment, salt, employee, people):
    """Tell whether a commitment of format 1 is to another person than the one the row names now."""

    def opens(public_id, employee_no, name):
        return _mac(salt, public_id, employee_no, name) == commitment

    if opens(employee.public_id, employee.employee_no, employee.name):
        return False
    return any(opens(*person) for person in people.iterator())


def _salt(salts, record, field, value, text, about):
    return salts(record=record, field=field, value=value, text=text, employee_id=about)


_guard = changeable("training_trainingrecord")


class Migration(migrations.Migration):

    dependencies = [
        ("training", "0006_seals_and_salts"),
    ]

    operations = [
        # The names leave the hashed text for good, so there is no way back to format 1.
        migrations.RunPython(_guard.code),
        migrations.RunPython(rewrite),
        migrations.RunPython(_guard.reverse_code),
    ]
