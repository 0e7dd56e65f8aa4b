"""The tables of feedback.db that are about studies: who takes part, agreed to what, judges what.

    studies     the file of each study, whole, under its sha256: a changed file is another study
    annotators  who takes part, a visitor of their own; who they are elsewhere only as keyed hash
    consents    append-only: what they agreed to or not, and whether they took it back
    assignments what each is to judge, drawn when they agreed; a live one (free, scenario, or
                practice without a message) is a series of comparisons in the dialogue that has
                the assignment's id, any other one is a comparison that all who judge it share
    replays     for each replayed task the comparison that they share; said by a visitor of the
                study, so that erasing a person never touches what others judge
    answers     append-only: to the questions of questionnaires
    completions who has done all, and the code that was shown
    erasures    who asked to be forgotten: of them alone rows may be deleted

    assigned_comparisons  a view: which comparisons an assignment is about
    withdrawn             a view: the annotators whose consent does not hold any more

`verdicts.swapped` is 1 where a person saw the sides the other way round than the comparison has
them. A verdict and its details are always in terms of what was seen.
"""

from __future__ import annotations

_CREATED = "created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"


def refused(table: str, verb: str, when: str = "true") -> str:
    """A trigger that refuses to change or to forget a row."""
    return f"""create trigger {table}_no_{verb} before {verb} on {table} when {when}
        begin select raise(abort, '{table} are append-only'); end"""


_SAME_AND_SWAPPED = (
    "drop trigger verdicts_are_known",
    """create trigger verdicts_are_known before insert on verdicts
        when new.verdict not in
            ('left', 'right', 'both_good', 'both_bad', 'same', 'cannot_tell')
        begin select raise(abort, 'no such verdict'); end""",
    """alter table verdicts add column swapped integer not null default 0
        check (swapped in (0, 1))""",
    "drop view current_verdicts",
    """create view current_verdicts as
        select v.comparison_id, v.visitor, v.verdict, v.revision, v.decided_ms, v.layout,
            v.details, v.created_at, v.swapped, c.policy, c.left_generation,
            c.right_generation, c.left_recommender, c.right_recommender, case
                when v.verdict not in ('left', 'right') then null
                when (v.verdict = 'left') <> v.swapped then c.left_recommender
                else c.right_recommender end as winner
        from verdicts v join comparisons c on c.id = v.comparison_id
        where v.revision = (select max(o.revision) from verdicts o
            where o.comparison_id = v.comparison_id and o.visitor = v.visitor)""",
)

_TABLES = (
    f"""create table studies (
        sha256 text primary key check (length(sha256) = 64),
        name text not null,
        file text not null,
        {_CREATED}) strict""",
    f"""create table annotators (
        id text primary key references visitors,
        study text not null references studies,
        source text not null check (source in ('link', 'prolific', 'test')),
        external_hmac text not null check (length(external_hmac) = 64),
        is_test integer not null default 0 check (is_test in (0, 1)),
        {_CREATED},
        unique (study, source, external_hmac)) strict""",
    f"""create table consents (
        number integer primary key,
        annotator text not null references annotators,
        decision text not null check (decision in ('given', 'declined', 'withdrawn')),
        document text not null,
        document_sha256 text not null,
        app_version text not null,
        {_CREATED}) strict""",
    "create index consents_of on consents (annotator)",
    f"""create table assignments (
        id text primary key check (length(id) between 1 and 64),
        annotator text not null references annotators,
        place integer not null check (place >= 0),
        kind text not null check (kind in ('practice', 'free', 'scenario', 'replay', 'attention')),
        task text not null,          -- the name in the file of the study
        left_recommender text not null,   -- as this person sees it
        right_recommender text not null,
        seed integer not null,       -- of the lot for the sides
        swapped integer not null check (swapped in (0, 1)),
        messages integer not null check (messages >= 1),  -- how many are to be judged
        replay_of text references comparisons (id),
        expected text,               -- the right verdict, as this person sees the sides
        {_CREATED},
        unique (annotator, place)) strict""",
    "create index assignments_replay on assignments (replay_of)",
    f"""create table replays (
        study text not null references studies,
        task text not null,
        comparison_id text not null references comparisons (id),
        {_CREATED},
        primary key (study, task)) strict""",
    f"""create table answers (
        number integer primary key,
        annotator text not null references annotators,
        questionnaire text not null,
        question text not null,
        about text not null,         -- an assignment, or 'study' for the whole
        value text not null check (json_valid(value)),
        revision integer not null check (revision >= 1),
        client_event_id text,
        app_version text not null,
        {_CREATED},
        unique (annotator, questionnaire, question, about, revision),
        unique (annotator, client_event_id)) strict""",
    f"""create table completions (
        annotator text primary key references annotators,
        code text not null,
        {_CREATED}) strict""",
    f"""create table erasures (
        annotator text primary key references annotators,
        {_CREATED}) strict""",
    """create view assigned_comparisons as
        select a.id as assignment_id, c.id as comparison_id
        from assignments a join turns t on t.dialogue_id = a.id
        join comparisons c on c.left_turn = t.id where a.replay_of is null
        union all
        select id, replay_of from assignments where replay_of is not null""",
    """create view withdrawn as
        select c.annotator from consents c where c.decision = 'withdrawn' and c.number =
            (select max(o.number) from consents o where o.annotator = c.annotator)""",
)

_SPEAKER = (
    "(select d.visitor from turns t join dialogues d on d.id = t.dialogue_id where t.id = {})"
)
_COMPARED_BY = _SPEAKER.format(
    "(select c.left_turn from comparisons c where c.id = old.comparison_id)"
)

# Whose erasure lets a row go: the person who judged, or who said what was judged
_OWNERS = {
    "ratings": f"old.visitor, {_SPEAKER.format('old.generation_id')}",
    "item_events": f"old.visitor, {_SPEAKER.format('old.generation_id')}",
    "verdicts": f"old.visitor, {_COMPARED_BY}",
    "picks": _COMPARED_BY,
    "comparisons": _SPEAKER.format("old.left_turn"),
    "assignments": "old.annotator",
    "answers": "old.annotator",
}
_KEPT = ("studies", "annotators", "consents", "replays", "completions", "erasures")  # always
_NEW = ("assignments", "answers")  # of these tables that can be erased


STUDIED = (
    *_SAME_AND_SWAPPED,
    *_TABLES,
    *(f"drop trigger {table}_no_delete" for table in _OWNERS if table not in _NEW),
    *(
        refused(table, "delete", f"not exists (select 1 from erasures where annotator in ({of}))")
        for table, of in _OWNERS.items()
    ),
    *(refused(table, verb) for table in _KEPT for verb in ("delete", "update")),
    *(refused(table, "update") for table in _NEW),
)
