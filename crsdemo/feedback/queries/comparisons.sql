-- name: ready
update comparisons set left_ready_ms = ?, right_ready_ms = ? where id = ?

-- name: same_click
select 1 from verdicts where comparison_id = ? and client_event_id = ?

-- name: has_fixed
select 1 from comparisons c join evidence e
    on e.generation_id in (c.left_generation, c.right_generation) and e.is_fixed where c.id = ?

-- name: is_blind
-- Whether this person may have judged it without the names: it was made on the blind page, or they
-- are in a study, or they judged it blind before ids told what is blind
select 1 from comparisons c join turns t on t.id = c.left_turn where c.id = :comparison and (
    t.dialogue_id like :blind or exists (select 1 from annotators where id = :visitor)
    or exists (select 1 from verdicts v where v.comparison_id = c.id and v.visitor = :visitor
        and v.details ->> 'names_shown' = 0))

-- name: last_verdict
select verdict, details, revision from verdicts
    where comparison_id = ? and visitor = ? order by revision desc limit 1

-- name: series
select c.*, d.visitor, (select v.verdict from current_verdicts v
            where v.comparison_id = c.id and v.visitor = d.visitor) as verdict,
        (select p.side from picks p where p.comparison_id = c.id
         order by p.number desc limit 1) as picked
    from comparisons c join turns t on t.id = c.left_turn join dialogues d on d.id = t.dialogue_id
    where t.dialogue_id = ? and t.id not in (
        select replaces from turns where replaces is not null) order by c.number

-- name: is_used
select 1 from verdicts where comparison_id = :id
    union all select 1 from picks where comparison_id = :id

-- name: dialogues
select t.dialogue_id from comparisons c
    join turns t on t.id in (c.left_turn, c.right_turn)
    where c.left_turn in (select id from turns where dialogue_id = ?)

-- name: turns
select t.*, g.*, e.*, t.id as id,
        (select json_group_array(json_array(b.start_at, b.end_at)) from current_taken_back b
            where b.turn = t.id) as unheard
    from turns t
    left join generations g on g.id = t.id left join evidence e on e.generation_id = t.id
    where t.dialogue_id in ({dialogues})

-- name: marks
select e.generation_id, e.item_id, e.kind from current_item_events e
    join turns t on t.id = e.generation_id join dialogues d on d.id = t.dialogue_id
    where t.dialogue_id in ({dialogues}) and e.visitor = d.visitor order by e.number

-- name: judgments
select v.* from current_verdicts v join comparisons c on c.id = v.comparison_id
    join turns t on t.id = c.left_turn join dialogues d on d.id = t.dialogue_id
    where t.dialogue_id = ? and v.visitor = d.visitor

-- name: judgment
select * from current_verdicts where comparison_id = ? and visitor = ?

-- name: series_of
select t.dialogue_id from comparisons c join turns t on t.id = c.left_turn
    where c.id = ?
