import datetime as dt
import io
import re

import pytest
from pypdf import PdfReader

from courses.rendering import CardHead, ppe_svg, print_card
from courses.wall_card import Card, CardStep, card_of, cut
from tests.factories.courses import OperatingRuleFactory, PolicySpeechFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
STEPS = [
    {"text": "断开电源", "ppe": ["gloves", "helmet"], "stop_point": "有人在柜内"},
    {"text": "验明无电", "ppe": ["gloves"], "stop_point": ""},
]


def rule(**fields):
    return OperatingRuleFactory(
        **{
            "title": "停送电规程",
            "document_no": "GC-006",
            "edition": "第 2 版",
            "effective_on": dt.date(2026, 7, 1),
            "body": [("steps", {"title": "停电", "steps": STEPS})],
            "forbidden_acts": "约时送电",
            "emergency_actions": "先断电，再救人",
        }
        | fields
    )


def printed(response):
    reader = PdfReader(io.BytesIO(response.content))
    return len(reader.pages), re.sub(r"\s", "", "".join(page.extract_text() for page in reader.pages))


def test_the_card_is_one_page_and_says_the_rule(client):
    client.force_login(UserFactory())
    response = client.get(f"/learn/wall-card/{rule().pk}.pdf")
    pages, text = printed(response)
    assert (response["Content-Type"], response["X-Left-Out"], pages) == ("application/pdf", "0", 1)
    for words in (
        "停送电规程", "GC-006", "第2版", "2026-07-01", "断开电源", "有人在柜内", "约时送电", "先断电，再救人",
        "防护手套", "安全帽", "扫码",
    ):  # fmt: skip
        assert words in text, words


def test_the_qr_leads_to_the_rule_which_says_what_the_card_is_worth(client, settings):
    client.force_login(UserFactory())
    page = rule()
    address = re.search(r"mark=(\w+)", _qr_address(client, page, settings))[1]
    scanned = client.get(f"/learn/wall-card/{page.pk}/", {"mark": address}, follow=True)
    assert "墙卡是现行版本" in scanned.content.decode()
    page.edition = "第 3 版"
    page.save_revision().publish()
    scanned = client.get(f"/learn/wall-card/{page.pk}/", {"mark": address}, follow=True)
    assert "墙卡已换版" in scanned.content.decode()
    OperatingRuleFactory(supersedes=page)
    scanned = client.get(f"/learn/wall-card/{page.pk}/", {"mark": address}, follow=True)
    assert "墙卡已作废" in scanned.content.decode()
    assert "墙卡已" not in client.get(page.url).content.decode()


def _qr_address(client, page, settings):
    import pypdfium2  # noqa: PLC0415 - only where the paper is read
    import zxingcpp  # noqa: PLC0415

    pdf = pypdfium2.PdfDocument(client.get(f"/learn/wall-card/{page.pk}.pdf").content)
    found = zxingcpp.read_barcodes(pdf[0].render(scale=3).to_pil())
    pdf.close()
    assert found[0].text.startswith(f"{settings.PUBLIC_BASE_URL}/learn/wall-card/{page.pk}/?mark=")
    return found[0].text


def test_a_card_is_for_signed_in_readers_of_a_live_rule(client):
    address = f"/learn/wall-card/{rule().pk}.pdf"
    assert client.get(address).status_code == 302
    client.force_login(UserFactory())
    closed = rule(title="仅限内部")
    closed.view_restrictions.create(restriction_type="groups")
    for pk in (rule(live=False).pk, PolicySpeechFactory().pk, closed.pk, 999_999):
        assert client.get(f"/learn/wall-card/{pk}.pdf").status_code == 404
        assert client.get(f"/learn/wall-card/{pk}/").status_code == 404


def test_a_long_rule_keeps_what_saves_a_life_and_says_what_is_left_out():
    steps = tuple(CardStep(f"第{n}步的操作要写清楚" * 4, ("gloves",), "异响就停") for n in range(90))
    card = Card(steps, ("不准带电作业",) * 3, ("先断电",) * 3, ppe=("gloves",))
    done = print_card(card, CardHead("长规程", "GC-1", "A", "", "", [("gloves", "防护手套")]), "http://x/")
    reader = PdfReader(io.BytesIO(done.pdf))
    text = re.sub(r"\s", "", reader.pages[0].extract_text())
    assert len(reader.pages) == 1
    assert 40 < done.left_out < 90
    assert text.count("不准带电作业") == text.count("先断电") == 3
    assert f"第{91 - done.left_out}步起的{done.left_out}步" in text


class TestCard:
    def test_cutting_takes_steps_first_and_emergency_last(self):
        card = Card((CardStep("a"), CardStep("b")), ("c",), ("d",))
        left = [cut(card, keep) for keep in range(5)]
        assert [one.steps_left_out for one in left] == [2, 2, 2, 1, 0]
        assert [one.forbidden_left_out for one in left] == [1, 1, 0, 0, 0]
        assert [one.emergency_left_out for one in left] == [1, 0, 0, 0, 0]

    def test_headings_stand_in_for_empty_fields_and_lines_for_steps(self):
        body = [
            {"type": "heading", "value": {"text": "一、操作", "level": "2"}},
            {"type": "text", "value": "<p>先看票</p>"},
            {"type": "heading", "value": {"text": "二、严禁的事", "level": "2"}},
            {"type": "text", "value": "<ul><li>代签</li></ul>"},
            {"type": "heading", "value": {"text": "三、有人触电怎么办", "level": "2"}},
            {"type": "text", "value": "<p>拉闸</p>"},
        ]
        card = card_of(body, [])
        assert (card.steps, card.forbidden, card.emergency) == ((CardStep("先看票"),), ("代签",), ("拉闸",))
        assert card_of(body, [{"name": "forbidden_acts", "text": "带电"}]).forbidden == ("带电",)

    def test_every_article_has_a_picture(self):
        assert ppe_svg("helmet").startswith("<svg")
        assert ppe_svg("unknown") == ""
