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
