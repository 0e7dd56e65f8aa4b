-- Who takes part in studies, agreed to what, judges what.

-- `swapped` is 1 where a person saw the sides the other way round than the comparison has them.
-- A verdict and its details are always in terms of what was seen
drop trigger verdicts_are_known;

create trigger verdicts_are_known before insert on verdicts
    when new.verdict not in
        ('left', 'right', 'both_good', 'both_bad', 'same', 'cannot_tell')
    begin select raise(abort, 'no such verdict'); end;

alter table verdicts add column swapped integer not null default 0
    check (swapped in (0, 1));

drop view current_verdicts;

create view current_verdicts as
    select v.comparison_id, v.visitor, v.verdict, v.revision, v.decided_ms, v.layout,
        v.details, v.created_at, v.swapped, c.policy, c.left_generation,
        c.right_generation, c.left_recommender, c.right_recommender, case
            when v.verdict not in ('left', 'right') then null
            when (v.verdict = 'left') <> v.swapped then c.left_recommender
            else c.right_recommender end as winner
    from verdicts v join comparisons c on c.id = v.comparison_id
    where v.revision = (select max(o.revision) from verdicts o
        where o.comparison_id = v.comparison_id and o.visitor = v.visitor);

-- The file of each study, whole, under its sha256: a changed file is another study
create table studies (
    sha256 text primary key check (length(sha256) = 64),
    name text not null,
    file text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

-- Who takes part, a visitor of their own; who they are elsewhere only as keyed hash
create table annotators (
    id text primary key references visitors,
    study text not null references studies,
    source text not null check (source in ('link', 'prolific', 'test')),
    external_hmac text not null check (length(external_hmac) = 64),
    is_test integer not null default 0 check (is_test in (0, 1)),
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    unique (study, source, external_hmac)) strict;

-- What they agreed to or not, and whether they took it back
create table consents (
    number integer primary key,
    annotator text not null references annotators,
    decision text not null check (decision in ('given', 'declined', 'withdrawn')),
    document text not null,
    document_sha256 text not null,
    app_version text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

create index consents_of on consents (annotator);

-- What each is to judge, drawn when they agreed. A live one (free, scenario, or practice without a
-- message) is a series of comparisons in the dialogue that has the assignment's id, any other one
-- is a comparison that all who judge it share
create table assignments (
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
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    unique (annotator, place)) strict;

create index assignments_replay on assignments (replay_of);

-- Of each replayed task the comparison that they share; said by a visitor of the study, so that
-- erasing a person never touches what others judge
create table replays (
    study text not null references studies,
    task text not null,
    comparison_id text not null references comparisons (id),
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    primary key (study, task)) strict;

-- To the questions of questionnaires
create table answers (
    number integer primary key,
    annotator text not null references annotators,
    questionnaire text not null,
    question text not null,
    about text not null,         -- an assignment, or 'study' for the whole
    value text not null check (json_valid(value)),
    revision integer not null check (revision >= 1),
    client_event_id text,
    app_version text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    unique (annotator, questionnaire, question, about, revision),
    unique (annotator, client_event_id)) strict;

-- Who has done all, and the code that was shown
create table completions (
    annotator text primary key references annotators,
    code text not null,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

-- Who asked to be forgotten: of them alone rows may be deleted
create table erasures (
    annotator text primary key references annotators,
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) strict;

-- Which comparisons an assignment is about
create view assigned_comparisons as
    select a.id as assignment_id, c.id as comparison_id
    from assignments a join turns t on t.dialogue_id = a.id
    join comparisons c on c.left_turn = t.id where a.replay_of is null
    union all
    select id, replay_of from assignments where replay_of is not null;

-- The annotators whose consent does not hold any more
create view withdrawn as
    select c.annotator from consents c where c.decision = 'withdrawn' and c.number =
        (select max(o.number) from consents o where o.annotator = c.annotator);

-- What may be forgotten, and whose erasure lets it go: of the person who judged, or who said what
-- was judged
drop trigger ratings_no_delete;
drop trigger item_events_no_delete;
drop trigger verdicts_no_delete;
drop trigger picks_no_delete;
drop trigger comparisons_no_delete;

create trigger ratings_no_delete before delete on ratings
    when not exists (select 1 from erasures where annotator in (
        old.visitor,
        (select d.visitor from turns t join dialogues d on d.id = t.dialogue_id
            where t.id = old.generation_id)))
    begin select raise(abort, 'ratings are append-only'); end;
create trigger item_events_no_delete before delete on item_events
    when not exists (select 1 from erasures where annotator in (
        old.visitor,
        (select d.visitor from turns t join dialogues d on d.id = t.dialogue_id
            where t.id = old.generation_id)))
    begin select raise(abort, 'item_events are append-only'); end;
create trigger verdicts_no_delete before delete on verdicts
    when not exists (select 1 from erasures where annotator in (
        old.visitor,
        (select d.visitor from turns t join dialogues d on d.id = t.dialogue_id
            where t.id = (
                select c.left_turn from comparisons c where c.id = old.comparison_id))))
    begin select raise(abort, 'verdicts are append-only'); end;
create trigger picks_no_delete before delete on picks
    when not exists (select 1 from erasures where annotator in (
        (select d.visitor from turns t join dialogues d on d.id = t.dialogue_id
            where t.id = (
                select c.left_turn from comparisons c where c.id = old.comparison_id))))
    begin select raise(abort, 'picks are append-only'); end;
create trigger comparisons_no_delete before delete on comparisons
    when not exists (select 1 from erasures where annotator in (
        (select d.visitor from turns t join dialogues d on d.id = t.dialogue_id
            where t.id = old.left_turn)))
    begin select raise(abort, 'comparisons are append-only'); end;
create trigger assignments_no_delete before delete on assignments
    when not exists (select 1 from erasures where annotator in (old.annotator))
    begin select raise(abort, 'assignments are append-only'); end;
create trigger answers_no_delete before delete on answers
    when not exists (select 1 from erasures where annotator in (old.annotator))
    begin select raise(abort, 'answers are append-only'); end;

-- What stays for ever
create trigger studies_no_delete before delete on studies
    begin select raise(abort, 'studies are append-only'); end;
create trigger studies_no_update before update on studies
    begin select raise(abort, 'studies are append-only'); end;
create trigger annotators_no_delete before delete on annotators
    begin select raise(abort, 'annotators are append-only'); end;
create trigger annotators_no_update before update on annotators
    begin select raise(abort, 'annotators are append-only'); end;
create trigger consents_no_delete before delete on consents
    begin select raise(abort, 'consents are append-only'); end;
create trigger consents_no_update before update on consents
    begin select raise(abort, 'consents are append-only'); end;
create trigger replays_no_delete before delete on replays
    begin select raise(abort, 'replays are append-only'); end;
create trigger replays_no_update before update on replays
    begin select raise(abort, 'replays are append-only'); end;
create trigger completions_no_delete before delete on completions
    begin select raise(abort, 'completions are append-only'); end;
create trigger completions_no_update before update on completions
    begin select raise(abort, 'completions are append-only'); end;
create trigger erasures_no_delete before delete on erasures
    begin select raise(abort, 'erasures are append-only'); end;
create trigger erasures_no_update before update on erasures
    begin select raise(abort, 'erasures are append-only'); end;
create trigger assignments_no_update before update on assignments
    begin select raise(abort, 'assignments are append-only'); end;
create trigger answers_no_update before update on answers
    begin select raise(abort, 'answers are append-only'); end;
