-- name: totals
select
    (select count(*) from visitors) as visitors,
    (select count(*) from dialogues) as dialogues,
    (select count(*) from generations) as replies,
    (select count(*) from comparisons) as comparisons,
    (select count(*) from comparisons where id not in (select comparison_id from verdicts))
        as comparisons_without_verdict,
    (select count(*) from current_verdicts) as verdicts,
    (select count(*) from (select generation_id, visitor from current_ratings
        union select generation_id, visitor from current_item_events)) as rated_replies

-- name: pairs
-- The same was heard by two sides that answer one turn, and by two that answer the same first
-- words.
select v.visitor, v.created_at, v.comparison_id, v.verdict, v.winner, v.revision,
        v.decided_ms, v.layout, v.details, c.policy, c.seed, c.left_generation,
        c.right_generation, c.left_recommender, c.right_recommender, c.left_ready_ms,
        c.right_ready_ms, c.left_turn = c.right_turn or (l.position = 0 and r.position = 0
            and l.text = r.text) as same_context, v.swapped, s.name as study,
        n.study as study_sha256, a.kind, a.task, a.expected,
        coalesce(n.is_test, 0) as is_test
    from comparisons c join current_verdicts v on v.comparison_id = c.id
    join turns l on l.id = c.left_turn join turns r on r.id = c.right_turn
    left join annotators n on n.id = v.visitor left join studies s on s.sha256 = n.study
    left join assignments a on a.annotator = v.visitor
        and (a.id = l.dialogue_id or a.replay_of = c.id)
    where v.visitor not in (select annotator from withdrawn)
    order by c.number, v.visitor

-- name: opinions
select g.id as generation, o.visitor, o.created_at, c.id as comparison_id, case g.id
        when c.left_generation then c.left_recommender
        when c.right_generation then c.right_recommender else g.recommender end as recommender,
        coalesce(n.is_test, 0) as is_test
    from (select generation_id, visitor, max(created_at) as created_at from (
            select generation_id, visitor, created_at from current_ratings union all
            select generation_id, visitor, created_at from current_item_events)
        group by generation_id, visitor) o
    join generations g on g.id = o.generation_id join turns t on t.id = g.id
    left join comparisons c on c.left_generation = g.id or c.right_generation = g.id
    left join annotators n on n.id = o.visitor
    where o.visitor not in (select annotator from withdrawn)
    order by t.number, o.visitor

-- name: marks
select e.visitor, e.created_at, e.generation_id as reply_id, case g.id
        when c.left_generation then c.left_recommender
        when c.right_generation then c.right_recommender else g.recommender end as recommender,
        e.item_id, case when g.item_id = e.item_id then g.item_title end as item_title, e.kind,
        s.name as study, n.study as study_sha256, coalesce(n.is_test, 0) as is_test
    from current_item_events e join generations g on g.id = e.generation_id
    left join comparisons c on c.left_generation = g.id or c.right_generation = g.id
    left join annotators n on n.id = e.visitor left join studies s on s.sha256 = n.study
    where e.visitor not in (select annotator from withdrawn)
    order by e.number

-- name: reply
select g.id, g.status, t.undone_at is not null as undone, t.dialogue_id,
        t.text, coalesce(e.is_fixed, 0) as is_fixed, g.mode, g.item_id, g.item_title, g.item_year, g.prompt, g.output,
        g.model_sha256, g.adapter_sha256, g.catalog_sha256, g.decoding, g.plan, g.timings,
        g.started_at, g.app_version, {heard} as heard,
        (select json_group_object(aspect, json(value)) from current_ratings
            where generation_id = g.id and visitor = :visitor) as ratings,
        (select json_group_array(json_object('item_id', item_id, 'kind', kind))
            from current_item_events where generation_id = g.id and visitor = :visitor) as marks
    from generations g join turns t on t.id = g.id
    left join evidence e on e.generation_id = g.id where g.id = :id

-- name: wrote
select output_token_ids from generations where id = ?

-- name: visitors
select id from visitors order by id
