"""The words a page is found by."""

from django.db import models
from wagtail.models import Page

from courses.searching import folded


class PageWords(models.Model):
    """A lesson's or a course's words, folded for search (courses.searching.folded), in the order of their weight.

    Kept apart from the page, whose rows carry its whole stream: a search reads every row of this table.
    `head` is the summary and what stands in the head of the page; `facts` the fields read like sections.
    """

    page = models.OneToOneField(Page, on_delete=models.CASCADE, primary_key=True, related_name="words")
    title = models.TextField(blank=True)
    head = models.TextField(blank=True)
    facts = models.TextField(blank=True)
    body = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.title


def keep_words(page: Page, *, head: list[str], facts: list[str], body: str) -> None:
    """Put down what a page says, in place of what it said before. One statement."""
    PageWords.objects.update_or_create(
        page_id=page.pk,
        defaults={
            "title": folded(page.title),
            "head": folded("\n".join(filter(None, head))),
            "facts": folded("\n".join(filter(None, facts))),
            "body": folded(body),
        },
    )
