-- name: votes
-- A verdict of an annotator belongs to the assignment whose talk or whose replay it is about
select v.comparison_id, v.visitor, v.verdict, v.decided_ms, v.details, v.created_at,
        v.swapped, v.left_recommender, v.right_recommender, coalesce(s.name, '') as study,
        coalesce(a.task, '') as study_task, a.expected, {twin} as twin
    from current_verdicts v join comparisons c on c.id = v.comparison_id
    join turns t on t.id = c.left_turn
    left join annotators n on n.id = v.visitor left join studies s on s.sha256 = n.study
    left join assignments a on a.annotator = v.visitor
        and (a.id = t.dialogue_id or a.replay_of = v.comparison_id)
    where v.visitor not in (select annotator from withdrawn)
        and coalesce(a.kind, '') <> 'practice'
        and not exists (select 1 from evidence e where e.is_fixed
            and e.generation_id in (c.left_generation, c.right_generation))
        and (not coalesce(n.is_test, 0) or :with_tests)
        and (:study = '' or :study in (n.study, s.name))
    order by v.created_at, v.comparison_id, v.visitor

-- name: studies
select name, sha256 from studies order by name, sha256
