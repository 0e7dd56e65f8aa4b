-- name: talks
-- Not those in which two systems answered: they have pages of their own. A message that was said
-- in other words counts once, in these
select d.id, count(*) as n_messages, date(max(t.created_at)) as day, (
        select f.text from turns f where f.dialogue_id = d.id
            and f.speaker = 'user' and f.undone_at is null
            and f.id not in (select r.replaces from turns r where r.dialogue_id = d.id
                and r.replaces is not null)
            order by f.number limit 1) as words
    from dialogues d join turns t on t.dialogue_id = d.id
    where d.visitor = :visitor and t.speaker = 'user' and t.undone_at is null
        and not exists (select 1 from turns r where r.replaces = t.id)
        and not exists (select 1 from turns x join comparisons c on c.left_turn = x.id
            where x.dialogue_id = d.id)
        and not exists (select 1 from turns x join comparisons c on c.right_turn = x.id
            where x.dialogue_id = d.id)
    group by d.id order by max(t.number) desc limit :most

-- name: wanted
-- The newest of them, newest first
select e.item_id, max(g.item_title) as title, max(g.item_year) as year
    from current_item_events e
    left join generations g on g.id = e.generation_id and g.item_id = e.item_id
    where e.visitor = :visitor and e.kind = 'want' group by e.item_id
    order by min(e.number) desc limit :most

-- name: unwanted
-- The newest of them
select item_id from current_item_events
    where visitor = :visitor and kind in ('seen', 'not_for_me', 'down')
    group by item_id order by max(number) desc limit :most

-- name: wanted in
select distinct generation_id from current_item_events
    where visitor = ? and item_id = ? and kind = 'want'
