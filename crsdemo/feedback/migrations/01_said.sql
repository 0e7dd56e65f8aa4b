-- What was said. Times are UTC, ISO 8601 with milliseconds; columns that hold JSON are checked.

-- Who came, under a made-up name
create table visitors (
    id text primary key check (length(id) between 1 and 64),
    app_version text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

create table dialogues (
    id text primary key check (length(id) between 1 and 64),
    visitor text not null references visitors,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

create index dialogues_visitor on dialogues (visitor);

-- A tree: a reply written anew is a sibling, a message said after `undo` too. Nothing is ever
-- overwritten, and two tabs on one dialogue make two branches
create table turns (
    number integer primary key,  -- order of writing
    id text not null unique,
    dialogue_id text not null references dialogues,
    parent text,                 -- the turn before this one
    position integer not null check (position >= 0),
    speaker text not null check (speaker in ('user', 'assistant')),
    text text not null,
    mentions text not null default '[]' check (json_valid(mentions)),
    client_event_id text,        -- of the click: a double click is one message
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    undone_at text,
    unique (dialogue_id, id),
    unique (dialogue_id, client_event_id),
    foreign key (dialogue_id, parent) references turns (dialogue_id, id),
    check ((parent is null) = (position = 0))) strict;

create index turns_parent on turns (parent);

-- One per attempt at a reply, written before its first word; `id` is its turn's
create table generations (
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
    started_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    finished_at text,
    check ((status = 'running') = (finished_at is null)),
    check ((status = 'failed') = (error_class is not null))) strict;

create index generations_running on generations (status) where status = 'running';

-- Why the reply is what it is
create table evidence (
    generation_id text primary key references generations,
    modes text not null check (json_valid(modes)),
    trie_path text not null check (json_valid(trie_path)),
    candidates text not null check (json_valid(candidates)),
    query text not null) strict;

create trigger turns_stay before update of
    number, id, dialogue_id, parent, position, speaker, client_event_id, created_at
    on turns begin select raise(abort, 'a turn is never changed'); end;

create trigger turns_keep_their_words before update of text, mentions on turns
    when not exists (select 1 from generations g where g.id = old.id
                     and g.status in ('running', 'abandoned'))
    begin select raise(abort, 'a turn is never rewritten'); end;

create trigger generations_stay before update on generations
    when old.status not in ('running', 'abandoned')
    begin select raise(abort, 'a finished generation is never changed'); end;

-- To read first: every attempt with who it was for and what came of it
create view replies as
    select g.id, d.visitor, t.dialogue_id, t.position, g.attempt, g.status,
        g.recommender, g.mode, g.item_id, g.item_title, g.item_year, t.text,
        g.plan, g.prompt, g.prompt_sha256, g.output, g.timings, g.error_class,
        g.error_message, g.started_at, g.finished_at, t.undone_at
    from generations g join turns t on t.id = g.id
    join dialogues d on d.id = t.dialogue_id order by t.number;
