"""Every address of the site, read from its resolver."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.urls import get_resolver, reverse
from django.urls.resolvers import RegexPattern, RoutePattern, URLPattern, URLResolver


@dataclass(frozen=True, slots=True)
class Address:
    """One URL pattern: the name the table knows it by, its route, and what it wants to be told."""

    name: str
    view_name: str
    route: str
    wanted: tuple[str, ...]

    @property
    def is_office(self) -> bool:
        """Tell whether it lies below /admin/."""
        return self.route.startswith("admin/")

    def url(self, values: dict[str, object]) -> str:
        """Return the path with `values` put in."""
        if "/" in self.wanted:
            return str(values["/"])
        if self.view_name:
            return reverse(self.view_name, kwargs={name: values[name] for name in self.wanted})
        return "/" + self.route


def _walk(resolver: URLResolver, route: str, spaces: tuple[str, ...], wanted: tuple[str, ...]) -> Iterator:
    for entry in resolver.url_patterns:
        names = (*wanted, *_wanted(entry.pattern))
        path = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _walk(entry, path, inner, names)
        else:
            assert isinstance(entry, URLPattern)
            yield ":".join((*spaces, entry.name)) if entry.name else "", path, names


def _wanted(pattern: RoutePattern | RegexPattern) -> tuple[str, ...]:
    if isinstance(pattern, RoutePattern):
        return tuple(pattern.converters)
    names = tuple(pattern.regex.groupindex)
    # Groups without names cannot be put in by name: the object brings its whole address.
    return names if pattern.regex.groups == len(names) else ("/",)


@cache
def addresses() -> dict[str, Address]:
    """Return every URL pattern by its name; one of several of the same name says what it wants, too."""
    found = list(_walk(get_resolver(), "", (), ()))
    often = Counter(name for name, _, _ in found)
    known: dict[str, Address] = {}
    for view_name, route, wanted in found:
        name = view_name or route
        if often[view_name] > 1 and view_name:
            name = f"{view_name}({'/'.join(wanted)})"
        # A pattern behind one of the same name and wants is never reached through its name.
        while name in known:
            name += "'"
        known[name] = Address(name, view_name if "'" not in name else "", route, wanted)
    return known
