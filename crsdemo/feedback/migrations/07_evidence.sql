-- Who decided what; whether the item was given, or the words were written beforehand (a fixed reply,
-- no system's own); what talk was about; which words of the person speak for the item; what was
-- offered beside it to who asked for several
alter table evidence add column deciders text not null default '[]' check (json_valid(deciders));
alter table evidence add column is_given integer not null default 0 check (is_given in (0, 1));
alter table evidence add column is_fixed integer not null default 0 check (is_fixed in (0, 1));
alter table evidence add column about text check (about is null or json_valid(about));
alter table evidence add column quotes text not null default '[]' check (json_valid(quotes));
alter table evidence add column also text not null default '[]' check (json_valid(also));

-- Of several films that are offered each may be found good or bad: `up` and `down`
drop view current_item_events;
drop trigger item_events_no_update;
drop trigger item_events_no_delete;
drop index item_events_of;
alter table item_events rename to item_events_before;

create table item_events (
    number integer primary key,
    generation_id text not null references generations,
    visitor text not null references visitors,
    item_id text not null,
    kind text not null check (kind in ('seen', 'want', 'not_for_me', 'up', 'down')),
    is_on integer not null check (is_on in (0, 1)),
    app_version text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

insert into item_events select * from item_events_before;
drop table item_events_before;

create index item_events_of on item_events
    (generation_id, visitor, item_id, kind);

create index item_events_by on item_events (visitor);

create trigger item_events_no_update before update on item_events
    begin select raise(abort, 'item_events are append-only'); end;
create trigger item_events_no_delete before delete on item_events
    when not exists (select 1 from erasures where annotator in (
        old.visitor,
        (select d.visitor from turns t join dialogues d on d.id = t.dialogue_id
            where t.id = old.generation_id)))
    begin select raise(abort, 'item_events are append-only'); end;

create view current_item_events as
    select e.* from item_events e where e.is_on and e.number = (
        select max(o.number) from item_events o where o.generation_id = e.generation_id
        and o.visitor = e.visitor and o.item_id = e.item_id and o.kind = e.kind);

-- The talks of one visitor are listed
create index turns_dialogue on turns (dialogue_id);
create index comparisons_right_turn on comparisons (right_turn);
