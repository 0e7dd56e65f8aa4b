-- name: annotator
select id from annotators where study = ? and source = ? and external_hmac = ?

-- name: is_test
select is_test from annotators where id = ?

-- name: decision
select decision from consents where annotator = ? order by number desc limit 1

-- name: code
select code from completions where annotator = ?

-- name: assignments
select a.id, a.place, a.kind, a.task, a.left_recommender as "left",
        a.right_recommender as "right", a.seed, a.messages, a.replay_of, a.swapped, a.expected,
        coalesce((select r.task from replays r
            where r.study = ? and r.comparison_id = a.replay_of), '') as replay
    from assignments a where a.annotator = ? order by a.place

-- name: judged
select x.assignment_id, v.comparison_id, v.verdict, (
            select 86400 * julianday(min(o.created_at)) from verdicts o
            where o.comparison_id = v.comparison_id and o.visitor = v.visitor) as judged_at
    from assignments a join assigned_comparisons x on x.assignment_id = a.id
    join current_verdicts v on v.comparison_id = x.comparison_id and v.visitor = a.annotator
    where a.annotator = ? order by judged_at

-- name: unanswered
-- Messages that were said anew count each time
select count(*) from turns t where t.dialogue_id = ? and t.speaker = 'user'
    and t.number > coalesce((select max(a.number) from turns a join generations g on g.id = a.id
        where a.dialogue_id = t.dialogue_id and g.status = 'ok'), 0)

-- name: answered_alone
select assignment_id, answered from answered_alone where annotator = ?

-- name: replays
select r.task, r.comparison_id, c.left_recommender as "left",
        c.right_recommender as "right", {twin} as is_twin
    from replays r join comparisons c on c.id = r.comparison_id where r.study = ?

-- name: usable
select count(*) from comparisons c
    join turns l on l.id = c.left_generation join turns r on r.id = c.right_generation
    join generations g on g.id = l.id and g.status = 'ok'
    join generations h on h.id = r.id and h.status = 'ok'
    join dialogues d on d.id = l.dialogue_id
    where c.id = ? and l.undone_at is null and r.undone_at is null
    and d.visitor not in (select id from annotators)
    and not exists (select 1 from evidence e where e.is_fixed and e.generation_id in (g.id, h.id))

-- name: taking_part
assignments a join annotators n on n.id = a.annotator
    where n.study = ? and a.kind <> 'practice'
    and a.annotator not in (select annotator from withdrawn)

-- name: pairs_dealt
select a.left_recommender as l, a.right_recommender as r, count(*) as n
    from {taking_part} and a.replay_of is null group by l, r

-- name: replays_dealt
select a.replay_of, a.swapped, count(*) as n
    from {taking_part} and a.replay_of is not null group by a.replay_of, a.swapped

-- name: same_click
select 1 from answers where annotator = ? and client_event_id = ?

-- name: last_answer
select value, revision from answers where annotator = :annotator
    and questionnaire = :questionnaire and question = :question and about = :about
    order by revision desc limit 1

-- name: answers
select questionnaire, about, question, value from answers where annotator = ?
    order by revision

-- name: own_turns
select t.id from turns t join dialogues d on d.id = t.dialogue_id
    where d.visitor = :annotator

-- name: forget
-- Of the person, and what anyone made of the replies to the person: in an order that leaves no
-- row which refers to one that is gone
delete from answers where annotator = :annotator;
delete from verdicts where visitor = :annotator
    or comparison_id in (select id from comparisons where left_turn in ({own_turns}));
delete from picks
    where comparison_id in (select id from comparisons where left_turn in ({own_turns}));
delete from ratings where visitor = :annotator or generation_id in ({own_turns});
delete from item_events where visitor = :annotator or generation_id in ({own_turns});
delete from assignments where annotator = :annotator;
delete from comparisons where left_turn in ({own_turns});
delete from evidence where generation_id in ({own_turns});
delete from generations where id in ({own_turns});
delete from taken_back where turn in ({own_turns});
delete from turns where dialogue_id in (select id from dialogues where visitor = :annotator);
delete from dialogues where visitor = :annotator;
