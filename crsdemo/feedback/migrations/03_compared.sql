-- Two generations that stood side by side, left and right as on the screen. Under the policy
-- `shared` they answer one turn of one dialogue, and the next message follows one of them; under
-- `own` each side is a dialogue of its own

create table comparisons (
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
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    check ((policy = 'shared') = (left_turn = right_turn)),
    check (left_generation <> right_generation)) strict;

create index comparisons_left_turn on comparisons (left_turn);

create trigger comparisons_stay before update of
    number, id, policy, seed, left_turn, right_turn, left_generation, right_generation,
    left_recommender, right_recommender, app_version, created_at
    on comparisons begin select raise(abort, 'a comparison is never changed'); end;

create trigger comparisons_are_ready_once before update on comparisons
    when old.left_ready_ms is not null or old.right_ready_ms is not null
    begin select raise(abort, 'a comparison is never changed'); end;

-- In terms of the screen; `current_verdicts` says which recommender won
create table verdicts (
    number integer primary key,
    comparison_id text not null references comparisons (id),
    visitor text not null references visitors,
    verdict text not null,       -- what may stand here: the trigger verdicts_are_known
    revision integer not null check (revision >= 1),
    decided_ms real check (decided_ms >= 0),
    layout text not null check (layout in ('side_by_side', 'stacked')),
    details text not null default '{}' check (json_type(details) = 'object'),
    client_event_id text,        -- of the click: a repeated click is one verdict
    app_version text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    unique (comparison_id, visitor, revision),
    unique (comparison_id, client_event_id)) strict;

create trigger verdicts_are_known before insert on verdicts
    when new.verdict not in ('left', 'right', 'both_good', 'both_bad', 'cannot_tell')
    begin select raise(abort, 'no such verdict'); end;

create trigger verdicts_need_whole_replies before insert on verdicts
    when (select count(*) from comparisons c join generations g
          on g.id in (c.left_generation, c.right_generation)
          where c.id = new.comparison_id and g.status = 'ok') <> 2
    begin select raise(abort, 'a reply that is not whole cannot be judged'); end;

-- The side that a visitor chose to go on from
create table picks (
    number integer primary key,
    comparison_id text not null references comparisons (id),
    side text not null check (side in ('left', 'right')),
    app_version text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

create index picks_of on picks (comparison_id);

create trigger verdicts_no_update before update on verdicts
    begin select raise(abort, 'verdicts are append-only'); end;
create trigger verdicts_no_delete before delete on verdicts
    begin select raise(abort, 'verdicts are append-only'); end;
create trigger picks_no_update before update on picks
    begin select raise(abort, 'picks are append-only'); end;
create trigger picks_no_delete before delete on picks
    begin select raise(abort, 'picks are append-only'); end;
create trigger comparisons_no_delete before delete on comparisons
    begin select raise(abort, 'comparisons are append-only'); end;

create view current_verdicts as
    select v.comparison_id, v.visitor, v.verdict, v.revision, v.decided_ms, v.layout,
        v.details, v.created_at, c.policy, c.left_generation, c.right_generation,
        c.left_recommender, c.right_recommender, case v.verdict
            when 'left' then c.left_recommender when 'right' then c.right_recommender
            end as winner
    from verdicts v join comparisons c on c.id = v.comparison_id
    where v.revision = (select max(o.revision) from verdicts o
        where o.comparison_id = v.comparison_id and o.visitor = v.visitor);
