-- What people corrected: words that were misunderstood, and messages that they said anew

-- Words of a message of the user that shall not count (or count again); they stand in the text from
-- character `start_at` to before `end_at`. A reply was made with what held when it began: the newest
-- event of the same words with `after` below the number of the reply's turn
create table taken_back (
    number integer primary key,
    turn text not null references turns (id),
    start_at integer not null check (start_at >= 0),
    end_at integer not null check (end_at > start_at),
    is_on integer not null check (is_on in (0, 1)),  -- 1: it does not count
    after integer not null,      -- number of the newest turn of all then
    app_version text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

create index taken_back_of on taken_back (turn);

create trigger taken_back_no_update before update on taken_back
    begin select raise(abort, 'taken_back is append-only'); end;
create trigger taken_back_no_delete before delete on taken_back
    when not exists (select 1 from erasures where annotator in (
        (select d.visitor from turns t join dialogues d on d.id = t.dialogue_id
            where t.id = old.turn)))
    begin select raise(abort, 'taken_back is append-only'); end;

create view current_taken_back as
    select b.turn, b.start_at, b.end_at from taken_back b
    where b.is_on and b.number = (select max(o.number) from taken_back o
        where o.turn = b.turn and o.start_at = b.start_at and o.end_at = b.end_at);

-- The message that this one was said instead of. It stays, with its replies
alter table turns add column replaces text references turns (id);

create index turns_replaces on turns (replaces) where replaces is not null;
