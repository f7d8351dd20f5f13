"""Directories as they are stored."""

import json

import factory

from common.signing import encrypt_text
from people.models import DirectoryKind, DirectoryLink, DirectorySource
from tests.factories.people import EmployeeFactory, OrgUnitFactory


class DirectorySourceFactory(factory.django.DjangoModelFactory):
    """A WeCom directory of an enterprise ww1, with its number in the field 工号."""

    class Meta:
        model = DirectorySource

    name = factory.Sequence(lambda n: f"企业微信{n}")
    kind = DirectoryKind.WECOM
    settings = factory.LazyFunction(lambda: {"corp_id": "ww1"})
    secrets_encrypted = factory.LazyFunction(
        lambda: encrypt_text(json.dumps({"secret": "app-secret", "contacts_secret": "contacts-secret"}))
    )
    tenant = "ww1"
    number_field = "工号"
    root_unit = factory.SubFactory(OrgUnitFactory, name="总厂")


class DirectoryLinkFactory(factory.django.DjangoModelFactory):
    """An entry of a directory that is known to be a person."""

    class Meta:
        model = DirectoryLink

    source = factory.SubFactory(DirectorySourceFactory)
    external_id = factory.Sequence(lambda n: f"user{n}")
    employee = factory.SubFactory(EmployeeFactory)
