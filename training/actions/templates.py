"""The programmes, rules and numbers that ship with the platform."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from people.models import User
from training.actions.programmes import ComponentSpec, save_programme
from training.actions.rules import check_may_rule, save_rule
from training.models import Programme, TrainingParameter, TrainingRule

TEMPLATES = tuple(sorted((Path(__file__).resolve().parent.parent / "data").glob("*.yaml")))


@dataclass(frozen=True, slots=True)
class LoadedTemplates:
    """The codes of what was created; what existed before was left as it is."""

    programmes: tuple[str, ...]
    rules: tuple[str, ...]
    parameters: tuple[str, ...] = ()


def load_templates(
    *,
    acting_user: User | None,
    now: dt.datetime,
    paths: Iterable[Path] = TEMPLATES,
    adopted_on: dt.date | None = None,
) -> LoadedTemplates:
    """Create the programmes, rules and numbers that ship with the platform where their codes do not exist yet.

    What exists is left alone, whatever an administrator made of it; a second call does nothing. A rule that
    ships in several versions is created with all of them. Standing and recurring rules bind from `adopted_on`
    (default: today). Raises PermissionDenied unless `acting_user` manages
    the training of every unit: what ships is for all alike.
    """
    check_may_rule(acting_user, None)
    data: dict[str, list[dict[str, Any]]] = {"programmes": [], "rules": [], "parameters": []}
    for path in paths:
        for name, items in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            data[name] += items
    with transaction.atomic():
        known_programmes = set(Programme.objects.values_list("code", flat=True))
        known_rules = set(TrainingRule.objects.values_list("code", flat=True))
        known_parameters = set(TrainingParameter.objects.values_list("code", flat=True))
        new_programmes = [item for item in data["programmes"] if item["code"] not in known_programmes]
        new_rules = [item for item in data["rules"] if item["code"] not in known_rules]
        new_parameters = [item for item in data["parameters"] if item["code"] not in known_parameters]
        for item in new_programmes:
            save_programme(**_programme(item), acting_user=acting_user, now=now)
        programmes = Programme.objects.in_bulk(field_name="code")
        for item in new_rules:
            fields = {"adopted_on": adopted_on, **item, "programme": programmes[item["programme"]]}
            save_rule(**fields, acting_user=acting_user, now=now)
        TrainingParameter.objects.bulk_create(
            TrainingParameter(**{**item, "value": Decimal(item["value"]) if "value" in item else None})
            for item in new_parameters
        )
    return LoadedTemplates(
        tuple(item["code"] for item in new_programmes),
        tuple(dict.fromkeys(item["code"] for item in new_rules)),
        tuple(item["code"] for item in new_parameters),
    )


def _programme(item: dict[str, Any]) -> dict[str, Any]:
    components = [
        ComponentSpec(
            **{
                **component,
                "hours": Decimal(component.get("hours", 0)),
                "checklist": tuple(component.get("checklist", ())),
            }
        )
        for component in item["components"]
    ]
    daily = item.get("daily_hours")
    return {**item, "components": components, "daily_hours": Decimal(daily) if daily else None}
