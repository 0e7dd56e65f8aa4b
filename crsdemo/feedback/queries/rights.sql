-- name: somebody
select id from visitors limit 1

-- name: decision
select decision from consents where annotator = ? order by number desc limit 1

-- name: of_dialogue
select visitor from dialogues where id = ?

-- name: of_reply
select d.visitor from generations g join turns t on t.id = g.id
    join dialogues d on d.id = t.dialogue_id where g.id = ?

-- name: names_item
-- Whether a reply recommends this item, offers it beside that, or names it
select 1 from generations g join turns t on t.id = g.id
    left join evidence e on e.generation_id = g.id
    where g.id = :reply and :item in (
        select g.item_id union all select e.about ->> 'id'
        union all select value ->> 'id' from json_each(e.also)
        union all select value ->> 'item_id' from json_each(t.mentions))

-- name: of_comparison
select d.visitor from comparisons c join turns t on t.id = c.left_turn
    join dialogues d on d.id = t.dialogue_id where c.id = ?

-- name: finished
-- Whether a comparison, or that of a reply, is finished for somebody
select 1 from current_verdicts v where v.visitor = :visitor and v.details ->> 'finished'
    and v.comparison_id in (select id from comparisons
        where id = :of or left_generation = :of or right_generation = :of)

-- name: assigned
select 1 from assignments where annotator = ? and replay_of = ?
