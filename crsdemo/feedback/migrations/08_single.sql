-- Talks with one system alone, and what the questions of a study were.

-- The same table with one kind more: `single`, a dialogue that has the assignment's id, whose one
-- system stands on both sides. SQLite cannot change a check in place
drop view assigned_comparisons;

create table assignments_anew (
    id text primary key check (length(id) between 1 and 64),
    annotator text not null references annotators,
    place integer not null check (place >= 0),
    kind text not null
        check (kind in ('practice', 'free', 'scenario', 'single', 'replay', 'attention')),
    task text not null,          -- the name in the file of the study
    left_recommender text not null,   -- as this person sees it
    right_recommender text not null,
    seed integer not null,       -- of the lot for the sides
    swapped integer not null check (swapped in (0, 1)),
    messages integer not null check (messages >= 1),  -- how many are to be judged, or said
    replay_of text references comparisons (id),
    expected text,               -- the right verdict, as this person sees the sides
    created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    unique (annotator, place)) strict;

insert into assignments_anew select id, annotator, place, kind, task, left_recommender,
    right_recommender, seed, swapped, messages, replay_of, expected, created_at from assignments;

drop table assignments;

alter table assignments_anew rename to assignments;

create index assignments_replay on assignments (replay_of);

create trigger assignments_no_delete before delete on assignments
    when not exists (select 1 from erasures where annotator in (old.annotator))
    begin select raise(abort, 'assignments are append-only'); end;
create trigger assignments_no_update before update on assignments
    begin select raise(abort, 'assignments are append-only'); end;

-- Which comparisons an assignment is about
create view assigned_comparisons as
    select a.id as assignment_id, c.id as comparison_id
    from assignments a join turns t on t.dialogue_id = a.id
    join comparisons c on c.left_turn = t.id where a.replay_of is null
    union all
    select id, replay_of from assignments where replay_of is not null;

-- How many messages of a single talk were answered
create view answered_alone as
    select a.id as assignment_id, a.annotator, min(a.messages, count(distinct g.id)) as answered
    from assignments a join turns t on t.dialogue_id = a.id and t.undone_at is null
    join generations g on g.id = t.id and g.status = 'ok'
    where a.kind = 'single' group by a.id;

-- The questions of each study as they were asked: an answer is a number or a label of these
create table questions (
    study text not null references studies,
    questionnaire text not null,
    question text not null,
    text text not null,
    kind text not null check (kind in ('scale', 'choice', 'sides', 'text')),
    labels text not null check (json_valid(labels)),
    lowest integer not null,     -- the number of the first label of a scale
    about text not null check (about in ('system', 'comparison', 'person')),
    primary key (study, questionnaire, question)) strict;

create trigger questions_no_delete before delete on questions
    begin select raise(abort, 'questions are append-only'); end;
create trigger questions_no_update before update on questions
    begin select raise(abort, 'questions are append-only'); end;
