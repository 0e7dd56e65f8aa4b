"""A catalog of books, from its table to every page: nothing a visitor reads speaks of films."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_studies import CONSENT
from pages import browser, opened  # noqa: F401  the fixture
from playwright.sync_api import Browser, Page, expect
from stand_in import StandIns, path_to
from test_render import Reader

from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.chat.study_desk import StudyDesk
from crsdemo.core.catalog import Catalog
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.recommender import Evidence, Mode, Plan, Recommendation, Reply, Signal, reply
from crsdemo.feedback.log import FeedbackLog
from crsdemo.items.build_catalog import main as build_catalog
from crsdemo.language.asked_facts import asked_facts
from crsdemo.language.mentions import MentionLinker
from crsdemo.language.people import PeopleLinker
from crsdemo.recommenders.facts_named import FactsNamed
from crsdemo.recommenders.popularity import Popularity, RepeatLast
from crsdemo.recommenders.prior import SIGNALS
from crsdemo.studies.questionnaire import ready_made
from crsdemo.studies.study import parse_study
from crsdemo.web.demo import Demo
from crsdemo.web.shared import evidence, render
from crsdemo.web.talk.path_figure import path_figure

OF_FILMS = re.compile(r"film|movie|watch|director|\bcast\b|\bseen\b", re.IGNORECASE)
# All that is shown, said aloud or told under the mouse
WORDS = """() => [document.title, document.body.innerText,
  ...[...document.querySelectorAll('*')].flatMap(
    e => ['aria-label', 'title', 'placeholder', 'alt'].map(a => e.getAttribute(a) || ''))
  ].join('\\n')"""
FIRST, LAST = (
    ("Salt", "Ink", "Lamp", "Tide", "Moss"),
    ("Ash", "Birch", "Cedar", "Elm", "Fir", "Yew"),
)
STUDY = f"""
title = "Which reply helps more?"
seed = 2
minutes = 5
systems = ["popularity", "repeat-last"]
questionnaires = ["about-you"]
{CONSENT}
[[tasks]]
name = "talk"
kind = "free"
questionnaires = ["short-compared"]
[[tasks]]
name = "alone"
kind = "single"
messages = 1
questionnaires = ["short", "crs-que-short", "crsarena-eval", "fluency-informativeness"]
"""


def books(folder: Path, n: int, domain: str = "book") -> Catalog:
    """A catalog built from a table as people have them."""
    titles = [f"The {FIRST[i % 5]} of {LAST[i // 5 % 6]} {i}" for i in range(n)]
    rows = [
        f"{i};{title};Ann Le{'ae'[i % 2]}y;{1900 + i % 120};Sea" for i, title in enumerate(titles)
    ]
    (folder / "books.csv").write_text("\n".join(["Book Id;Title;Authors;Year;Genres", *rows]))
    source, out = str(folder / "books.csv"), str(folder / "mine")
    build_catalog([source, "--out", out, "--domain", domain])
    return Catalog.load(folder / "mine")


@pytest.fixture(scope="module", params=[12, 300])
def catalog(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return books(tmp_path_factory.mktemp("books"), request.param)


def test_the_catalog_knows_its_words_and_its_makers(catalog: Catalog) -> None:
    assert catalog.domain.item == "book"
    assert {person for item in catalog for person in item.people} == {"Ann Leay", "Ann Leey"}
    assert PeopleLinker(catalog).asked_for("any Ann Leay books?").people == ("Ann Leay",)


def test_who_wrote_it_and_the_same_author_are_understood(catalog: Catalog) -> None:
    for text in ("who wrote it?", "who is the author", "whos it by", "author and year"):
        assert "authors" in asked_facts(text, catalog.domain), text
    assert asked_facts("how old is the book?", catalog.domain) == ("year",)
    assert asked_facts("a book about writing", catalog.domain) == ()
    linker, named = MentionLinker(catalog), FactsNamed(catalog, PeopleLinker(catalog))
    title, who = catalog[0].title, catalog[0].people[0]
    loved = Turn("user", f"i loved {title}")
    dialogue = Dialogue((replace(loved, mentions=linker.link(loved.text, Dialogue(()))),))
    for asked in ("more by the same author", "what else did she write?"):
        last = named.as_meant(Dialogue((*dialogue.turns, Turn("user", asked)))).turns[-1]
        assert who in last.text, asked


@pytest.mark.parametrize("plan", [Plan(), Plan(mode="CHAT"), Plan(mode="REC")])
def test_the_counting_systems_speak_of_books(catalog: Catalog, plan: Plan) -> None:
    every = frozenset(catalog.row)
    for system in (Popularity(catalog), RepeatLast(catalog)):
        for given in (plan, replace(plan, avoid=every)):
            answer = reply(system, Dialogue((Turn("user", "who wrote it?"),)), given)
            assert not OF_FILMS.search(answer.text)
            if answer.mode == "CHAT":
                assert "books" in answer.text


def test_cards_reasons_and_evidence_speak_of_books(catalog: Catalog) -> None:
    item, domain = catalog[0], catalog.domain
    signals = tuple(Signal(domain.own_words(name), 0.1) for name in SIGNALS)
    ranked = (Recommendation(item, 1.0, signals),)
    path = path_to(item)
    modes: tuple[tuple[Mode, float], ...] = (("REC", 0.9), ("CHAT", 0.1))
    told = [evidence.outline(300, domain)]
    for mode in ("REC", "CHAT"):
        for given in (False, True):
            kept = Evidence(modes=modes, path=path, candidates=ranked, about=item, is_given=given)
            said = Reply(("Try ", item, "."), mode, item, kept)
            for one in (kept, Evidence(candidates=ranked), Evidence(is_fixed=True)):
                told.append(evidence.story(replace(said, evidence=one), domain))
        told.append(render.PARTS.of(domain).growing("hello", said, 300))
    told.append(render.PARTS.of(domain).growing("hello", None, 300))
    told.append(str(path_figure(path, item, domain)))
    card = Reader(render.PARTS.of(domain).card(item, "reply-1")).text
    assert "written by Ann Le" in card and "read it" in card
    for thumb in (1, -1):
        told.append(" ".join(render.Opinion({"thumbs": thumb}).offered(domain)))
    assert "wrong book" in told[-1] and "already read" in told[-1]
    shown = re.sub(r'class="[^"]*"', "", " ".join([card, *told]))
    assert OF_FILMS.findall(shown) == []


def test_every_question_of_a_study_speaks_of_books(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    study = parse_study(tmp_path / "study.toml").worded(catalog.domain)
    assert len(study.asked) == len(ready_made())
    texts = [question.text for asked in study.asked for question in asked.questions]
    texts += [*study.explanation, *(getattr(task, "instruction", "") for task in study.tasks)]
    assert [text for text in texts if OF_FILMS.search(text) or "{" in text] == []
    assert "How often do you read books?" in texts
    assert study.sha256 == parse_study(tmp_path / "study.toml").sha256


def nothing_of_films(page: Page) -> None:
    assert OF_FILMS.findall(page.evaluate(WORDS)) == []


def test_no_page_speaks_of_films(tmp_path: Path, browser: Browser) -> None:  # noqa: F811
    catalog = books(tmp_path, 300)
    systems = (Popularity(catalog), RepeatLast(catalog))
    log, linker = FeedbackLog(tmp_path / "feedback.db"), MentionLinker(catalog)
    pair = SideBySide(StandIns(systems), linker, log)
    exchange = Exchange(systems[0], linker, log, domain=catalog.domain)
    with opened(Demo(exchange, pair, catalog), browser) as (page, url):
        page.goto(url)
        expect(page.locator(".welcome")).to_contain_text("300 books")
        nothing_of_films(page)
        page.locator(".wish").first.click()
        expect(page.locator("#thread .answer .rating")).to_have_count(1)
        page.get_by_role("button", name="Bad answer").click()
        expect(page.locator(".chips")).to_contain_text("wrong book")
        page.get_by_role("button", name=re.compile("^read it")).click()
        page.get_by_role("button", name=re.compile("^want it")).click()
        expect(page.locator("#shelf")).to_contain_text("What I want")
        expect(page.locator("#rest")).to_contain_text("my answer")
        nothing_of_films(page)
        for address in ("compare", "blind"):
            page.goto(url + address)
            expect(page.locator(".welcome")).to_contain_text("300 books")
            page.locator(".wish").first.click()
            page.get_by_role("button", name="both good").click()
            page.locator("#thread .more").last.evaluate("form => form.open = true")
            expect(page.locator("#thread .more .chips").last).to_contain_text("wrong book")
            nothing_of_films(page)
        page.goto(url + "study")
        expect(page.locator("#sheet h2")).to_be_visible()
        nothing_of_films(page)


def test_no_page_of_a_study_speaks_of_films(tmp_path: Path, browser: Browser) -> None:  # noqa: F811
    catalog = books(tmp_path, 12)
    systems: tuple[Any, ...] = (Popularity(catalog), RepeatLast(catalog))
    log, linker = FeedbackLog(tmp_path / "feedback.db"), MentionLinker(catalog)
    pair = SideBySide(StandIns(systems), linker, log)
    (tmp_path / "study.toml").write_text(STUDY)
    desk = StudyDesk.open(parse_study(tmp_path / "study.toml"), pair, catalog)
    demo = Demo(Exchange(systems[0], linker, log), pair, catalog, study=desk)
    with opened(demo, browser) as (page, url):
        page.goto(f"{url}study?test=ann")
        page.get_by_role("button", name="I agree and take part").click()
        expect(page.locator("#sheet")).to_contain_text("assistants that recommend books")
        nothing_of_films(page)
        page.get_by_role("button", name="Begin").click()
        expect(page.locator(".task h2")).to_be_visible()
        nothing_of_films(page)
        page.locator("#box textarea").fill("a sea story")
        page.locator("#box textarea").press("Enter")
        expect(page.locator("#thread article h2").first).to_be_visible()
        nothing_of_films(page)
        page.goto(url)
        expect(page.locator("#sheet h2")).to_be_visible()
        page.goto(f"{url}results")
        expect(page.locator("#masthead")).to_be_visible()
        nothing_of_films(page)
