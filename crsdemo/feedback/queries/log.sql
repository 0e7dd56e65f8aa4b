-- name: lives
update generations set heartbeat_at = {now}, status = 'running', finished_at = null where id = ?

-- name: abandon
update generations set status = 'abandoned', finished_at = {now}
    where status = 'running'
    -- A moment to come was before the clock was set back
    and abs(julianday('now') - julianday(coalesce(heartbeat_at, started_at))) >= ? / 86400.0

-- name: finish
update generations set status = ?, finished_at = {now}, error_class = ?, error_message = ?
    where id = ?

-- name: undo
-- With what was said instead of it before
with recursive gone(id) as (
        select ? union select t.id from turns t join gone on t.parent = gone.id
        union select t.replaces from turns t join gone on t.id = gone.id
            where t.replaces is not null)
    update turns set undone_at = {now} where id in (select id from gone) and undone_at is null

-- name: take_back
insert into taken_back (turn, start_at, end_at, is_on, after, app_version)
    select id, :start, :end, :is_on, (select max(number) from turns), :app_version
    from turns where id = :turn and dialogue_id = :dialogue and speaker = 'user'
    and :end <= length(text) and :is_on <> exists (select 1 from current_taken_back
        where turn = :turn and start_at = :start and end_at = :end)

-- name: attempts
select plan, mode, item_id from generations join turns using (id)
    where parent = ? order by attempt

-- name: last_rating
select value, revision from ratings where generation_id = :generation_id
    and visitor = :visitor and aspect = :aspect order by revision desc limit 1

-- name: mark
select 1 from current_item_events where generation_id = :generation_id
    and visitor = :visitor and item_id = :item_id and kind = :kind

-- name: unheard
(select json_group_array(json_array(b.start_at, b.end_at)) from current_taken_back b
        where b.turn = shown.id)

-- name: conversation
-- From the newest turn that has words up to the first, then in the order in which it was said.
with recursive shown as (
        select * from turns where number = (
            select max(number) from turns where dialogue_id = ? and undone_at is null
            and (speaker = 'user' or text <> ''))
        union all select t.* from turns t join shown on t.id = shown.parent)
    select d.visitor, shown.*, g.*, e.*, shown.id as id, shown.text as text, {unheard} as unheard
    from shown join dialogues d on d.id = shown.dialogue_id
    left join generations g on g.id = shown.id left join evidence e on e.generation_id = g.id
    order by shown.position

-- name: ratings
select r.generation_id, r.aspect, r.value, r.revision from current_ratings r
    join turns t on t.id = r.generation_id
    where t.dialogue_id = ? and r.visitor = ? order by r.number

-- name: marks
select e.generation_id, e.item_id, e.kind from current_item_events e
    join turns t on t.id = e.generation_id
    where t.dialogue_id = ? and e.visitor = ? order by e.number

-- name: say
update turns set text = :text, mentions = :mentions where id = :id
