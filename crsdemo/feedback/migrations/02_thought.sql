-- What was thought of it. Append-only; the views `current_*` show what holds now.

create table ratings (
    number integer primary key,
    generation_id text not null references generations,
    visitor text not null references visitors,
    aspect text not null
        check (aspect in ('thumbs', 'relevance', 'interest', 'reasons', 'comment')),
    value text check (value is null or json_valid(value)),
    revision integer not null check (revision >= 1),
    withdrawn integer not null default 0 check (withdrawn in (0, 1)),
    app_version text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    unique (generation_id, visitor, aspect, revision),
    check ((value is null) = withdrawn),
    check (value is null or case aspect
        when 'thumbs' then value in ('-1', '1')
        when 'relevance' then value in ('0', '1', '2', '3')
        when 'interest' then value in ('0', '1', '2')
        when 'reasons' then json_type(value) = 'array'
        else json_type(value) = 'text' end)) strict;

create table item_events (
    number integer primary key,
    generation_id text not null references generations,
    visitor text not null references visitors,
    item_id text not null,
    kind text not null check (kind in ('seen', 'want', 'not_for_me')),
    is_on integer not null check (is_on in (0, 1)),
    app_version text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

create index item_events_of on item_events
    (generation_id, visitor, item_id, kind);

create trigger ratings_no_update before update on ratings
    begin select raise(abort, 'ratings are append-only'); end;
create trigger ratings_no_delete before delete on ratings
    begin select raise(abort, 'ratings are append-only'); end;
create trigger item_events_no_update before update on item_events
    begin select raise(abort, 'item_events are append-only'); end;
create trigger item_events_no_delete before delete on item_events
    begin select raise(abort, 'item_events are append-only'); end;

create view current_ratings as
    select r.* from ratings r where not r.withdrawn and r.revision = (
        select max(o.revision) from ratings o where o.generation_id = r.generation_id
        and o.visitor = r.visitor and o.aspect = r.aspect);

create view current_item_events as
    select e.* from item_events e where e.is_on and e.number = (
        select max(o.number) from item_events o where o.generation_id = e.generation_id
        and o.visitor = e.visitor and o.item_id = e.item_id and o.kind = e.kind);
