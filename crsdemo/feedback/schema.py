"""The tables of feedback.db and how they come to be: an append-only list of migrations.

    visitors  who came, under a made-up name
    dialogues of one visitor
    turns     a tree: a reply written anew is a sibling, a message said after `undo` too; nothing
              is ever overwritten, and two tabs on one dialogue make two branches
    generations  one per attempt at a reply, written before its first word; `id` is its turn's
    evidence     why the reply is what it is
    ratings, item_events  append-only; the views `current_*` show what holds now
    comparisons  two generations that stood side by side, left and right as on the screen. Under
              the policy `shared` they answer one turn of one dialogue, and the next message
              follows one of them; under `own` each side is a dialogue of its own
    verdicts  append-only, in terms of the screen; `current_verdicts` says which recommender won
    picks     append-only: the side that a visitor chose to go on from
    replies   a view to read first: every attempt with who it was for and what came of it

What a study adds to these (who takes part, what each is to judge) is in feedback/studies_schema.py.

Times are UTC, ISO 8601 with milliseconds. Columns that hold JSON say so by a check.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlite_utils import Database

from crsdemo.feedback.studies_schema import STUDIED, refused

Migration = Callable[[Database], None]

APPLICATION_ID = int.from_bytes(b"CRSd", "big")  # in the header of the file: it is ours
NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

# The dialogue up to a turn, by its id: a list of {speaker, text}
HEARD = """(with recursive heard as (
        select speaker, text, parent, position from turns where id = {}
        union all select t.speaker, t.text, t.parent, t.position
        from turns t join heard on t.id = heard.parent)
    select json_group_array(json_object('speaker', speaker, 'text', text))
    from (select speaker, text from heard order by position))"""

_VERBS = ("update", "delete")
_CREATED = f"created_at text not null default ({NOW})"


_SAID = (
    f"""create table visitors (
        id text primary key check (length(id) between 1 and 64),
        app_version text not null,
        {_CREATED}) strict""",
    f"""create table dialogues (
        id text primary key check (length(id) between 1 and 64),
        visitor text not null references visitors,
        {_CREATED}) strict""",
    "create index dialogues_visitor on dialogues (visitor)",
    f"""create table turns (
        number integer primary key,  -- order of writing
        id text not null unique,
        dialogue_id text not null references dialogues,
        parent text,                 -- the turn before this one
        position integer not null check (position >= 0),
        speaker text not null check (speaker in ('user', 'assistant')),
        text text not null,
        mentions text not null default '[]' check (json_valid(mentions)),
        client_event_id text,        -- of the click: a double click is one message
        {_CREATED},
        undone_at text,
        unique (dialogue_id, id),
        unique (dialogue_id, client_event_id),
        foreign key (dialogue_id, parent) references turns (dialogue_id, id),
        check ((parent is null) = (position = 0))) strict""",
    "create index turns_parent on turns (parent)",
    f"""create table generations (
        id text primary key references turns (id),
        attempt integer not null check (attempt >= 1),
        status text not null default 'running'
            check (status in ('running', 'ok', 'stopped', 'failed', 'abandoned')),
        recommender text not null,
        model_sha256 text not null default '',
        adapter_sha256 text not null default '',
        catalog_sha256 text not null default '',
        decoding text not null default '',
        app_version text not null,
        plan text not null check (json_valid(plan)),
        prompt text not null default '',
        prompt_sha256 text not null default '',
        output text not null default '',
        output_token_ids text not null default '[]' check (json_valid(output_token_ids)),
        mode text check (mode in ('CHAT', 'REC')),
        item_id text,
        item_title text,
        item_year integer,
        timings text not null default '[]' check (json_valid(timings)),
        error_class text,
        error_message text,
        started_at text not null default ({NOW}),
        finished_at text,
        check ((status = 'running') = (finished_at is null)),
        check ((status = 'failed') = (error_class is not null))) strict""",
    "create index generations_running on generations (status) where status = 'running'",
    """create table evidence (
        generation_id text primary key references generations,
        modes text not null check (json_valid(modes)),
        trie_path text not null check (json_valid(trie_path)),
        candidates text not null check (json_valid(candidates)),
        query text not null) strict""",
    """create trigger turns_stay before update of
        number, id, dialogue_id, parent, position, speaker, client_event_id, created_at
        on turns begin select raise(abort, 'a turn is never changed'); end""",
    """create trigger turns_keep_their_words before update of text, mentions on turns
        when not exists (select 1 from generations g where g.id = old.id
                         and g.status in ('running', 'abandoned'))
        begin select raise(abort, 'a turn is never rewritten'); end""",
    """create trigger generations_stay before update on generations
        when old.status not in ('running', 'abandoned')
        begin select raise(abort, 'a finished generation is never changed'); end""",
    """create view replies as
        select g.id, d.visitor, t.dialogue_id, t.position, g.attempt, g.status,
            g.recommender, g.mode, g.item_id, g.item_title, g.item_year, t.text,
            g.plan, g.prompt, g.prompt_sha256, g.output, g.timings, g.error_class,
            g.error_message, g.started_at, g.finished_at, t.undone_at
        from generations g join turns t on t.id = g.id
        join dialogues d on d.id = t.dialogue_id order by t.number""",
)


_THOUGHT = (
    f"""create table ratings (
        number integer primary key,
        generation_id text not null references generations,
        visitor text not null references visitors,
        aspect text not null
            check (aspect in ('thumbs', 'relevance', 'interest', 'reasons', 'comment')),
        value text check (value is null or json_valid(value)),
        revision integer not null check (revision >= 1),
        withdrawn integer not null default 0 check (withdrawn in (0, 1)),
        app_version text not null,
        {_CREATED},
        unique (generation_id, visitor, aspect, revision),
        check ((value is null) = withdrawn),
        check (value is null or case aspect
            when 'thumbs' then value in ('-1', '1')
            when 'relevance' then value in ('0', '1', '2', '3')
            when 'interest' then value in ('0', '1', '2')
            when 'reasons' then json_type(value) = 'array'
            else json_type(value) = 'text' end)) strict""",
    f"""create table item_events (
        number integer primary key,
        generation_id text not null references generations,
        visitor text not null references visitors,
        item_id text not null,
        kind text not null check (kind in ('seen', 'want', 'not_for_me')),
        is_on integer not null check (is_on in (0, 1)),
        app_version text not null,
        {_CREATED}) strict""",
    """create index item_events_of on item_events
        (generation_id, visitor, item_id, kind)""",
    *(refused(table, verb) for table in ("ratings", "item_events") for verb in _VERBS),
    """create view current_ratings as
        select r.* from ratings r where not r.withdrawn and r.revision = (
            select max(o.revision) from ratings o where o.generation_id = r.generation_id
            and o.visitor = r.visitor and o.aspect = r.aspect)""",
    """create view current_item_events as
        select e.* from item_events e where e.is_on and e.number = (
            select max(o.number) from item_events o where o.generation_id = e.generation_id
            and o.visitor = e.visitor and o.item_id = e.item_id and o.kind = e.kind)""",
)

_COMPARED = (
    f"""create table comparisons (
        number integer primary key,
        id text not null unique check (length(id) between 1 and 64),
        policy text not null check (policy in ('own', 'shared')),
        seed integer not null,
        left_turn text not null references turns (id),   -- the message as that side heard it
        right_turn text not null references turns (id),
        left_generation text not null unique references generations,
        right_generation text not null unique references generations,
        left_recommender text not null,                  -- by the name under which it was chosen
        right_recommender text not null,
        left_ready_ms real check (left_ready_ms >= 0),   -- from the message to the whole reply
        right_ready_ms real check (right_ready_ms >= 0),
        app_version text not null,
        {_CREATED},
        check ((policy = 'shared') = (left_turn = right_turn)),
        check (left_generation <> right_generation)) strict""",
    "create index comparisons_left_turn on comparisons (left_turn)",
    """create trigger comparisons_stay before update of
        number, id, policy, seed, left_turn, right_turn, left_generation, right_generation,
        left_recommender, right_recommender, app_version, created_at
        on comparisons begin select raise(abort, 'a comparison is never changed'); end""",
    """create trigger comparisons_are_ready_once before update on comparisons
        when old.left_ready_ms is not null or old.right_ready_ms is not null
        begin select raise(abort, 'a comparison is never changed'); end""",
    f"""create table verdicts (
        number integer primary key,
        comparison_id text not null references comparisons (id),
        visitor text not null references visitors,
        verdict text not null,       -- what may stand here: the trigger verdicts_are_known
        revision integer not null check (revision >= 1),
        decided_ms real check (decided_ms >= 0),
        layout text not null check (layout in ('side_by_side', 'stacked')),
        details text not null default '{{}}' check (json_type(details) = 'object'),
        client_event_id text,        -- of the click: a repeated click is one verdict
        app_version text not null,
        {_CREATED},
        unique (comparison_id, visitor, revision),
        unique (comparison_id, client_event_id)) strict""",
    """create trigger verdicts_are_known before insert on verdicts
        when new.verdict not in ('left', 'right', 'both_good', 'both_bad', 'cannot_tell')
        begin select raise(abort, 'no such verdict'); end""",
    """create trigger verdicts_need_whole_replies before insert on verdicts
        when (select count(*) from comparisons c join generations g
              on g.id in (c.left_generation, c.right_generation)
              where c.id = new.comparison_id and g.status = 'ok') <> 2
        begin select raise(abort, 'a reply that is not whole cannot be judged'); end""",
    f"""create table picks (
        number integer primary key,
        comparison_id text not null references comparisons (id),
        side text not null check (side in ('left', 'right')),
        app_version text not null,
        {_CREATED}) strict""",
    "create index picks_of on picks (comparison_id)",
    *(refused(table, verb) for table in ("verdicts", "picks") for verb in _VERBS),
    refused("comparisons", "delete"),
    """create view current_verdicts as
        select v.comparison_id, v.visitor, v.verdict, v.revision, v.decided_ms, v.layout,
            v.details, v.created_at, c.policy, c.left_generation, c.right_generation,
            c.left_recommender, c.right_recommender, case v.verdict
                when 'left' then c.left_recommender when 'right' then c.right_recommender
                end as winner
        from verdicts v join comparisons c on c.id = v.comparison_id
        where v.revision = (select max(o.revision) from verdicts o
            where o.comparison_id = v.comparison_id and o.visitor = v.visitor)""",
)


def _migration(*statements: str) -> Migration:
    def migrate(db: Database) -> None:
        for statement in statements:
            db.execute(statement)

    return migrate


MIGRATIONS: tuple[Migration, ...] = (  # only ever grows: old files have had the first of them
    _migration(*_SAID),
    _migration(*_THOUGHT),
    _migration(*_COMPARED),
    _migration(
        "alter table evidence add column query_sources text not null default '[]' "
        "check (json_valid(query_sources))"
    ),
    _migration(*STUDIED),
    _migration("alter table generations add column heartbeat_at text"),
)
