-- name: statuses
select status, count(*) from generations
    where julianday('now') - julianday(started_at) < ? / 24.0 group by status

-- name: opinions
select
    (select count(*) from verdicts where julianday('now') - julianday(created_at) < ? / 24.0),
    (select count(*) from ratings where julianday('now') - julianday(created_at) < ? / 24.0)

-- name: seconds
select recommender, max(seconds) from (
        select recommender, seconds, count(*) over (partition by recommender) as n,
            row_number() over (partition by recommender order by seconds) as place
        from (select recommender, 86400 * (julianday(finished_at) - julianday(started_at))
                as seconds
            from generations
            where status = 'ok' and julianday('now') - julianday(started_at) < ? / 24.0))
    where place - 1 < 0.95 * n group by recommender

-- name: failing
-- Whose newest replies all failed: how many, and why the last one did (SQLite takes the bare column
-- from the row of the maximum). A fixed reply was not asked of anybody
with recent as (
    select t.number, g.recommender, g.status, g.error_message
    from generations g join turns t on t.id = g.id
    where julianday('now') - julianday(g.started_at) < :hours / 24.0
    and not exists (select 1 from evidence e where e.generation_id = g.id and e.is_fixed)),
answered as (select recommender, max(number) as number from recent
    where status = 'ok' group by recommender)
select recommender, times, reason from (
        select f.recommender, count(*) as times, f.error_message as reason, max(f.number)
        from recent f left join answered a on a.recommender = f.recommender
        where f.status = 'failed' and f.number > coalesce(a.number, 0) group by f.recommender)
    where times >= :in_a_row order by recommender
