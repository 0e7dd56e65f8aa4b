-- name: studies
select distinct s.name from studies s join annotators n on n.study = s.sha256 order by 1

-- name: participants
select n.id as annotator, s.name as study,
        (select c.decision from consents c where c.annotator = n.id
            order by c.number desc limit 1) as decision,
        (select coalesce(sum(a.messages), 0) from assignments a
            where a.annotator = n.id and a.kind <> 'practice') as planned,
        (select count(distinct v.comparison_id) from assignments a
            join assigned_comparisons x on x.assignment_id = a.id
            join verdicts v on v.comparison_id = x.comparison_id and v.visitor = n.id
            where a.annotator = n.id and a.kind <> 'practice')
            + (select coalesce(sum(x.answered), 0) from answered_alone x
                where x.annotator = n.id) as judged,
        (select c.created_at from completions c where c.annotator = n.id) as completed_at
    from annotators n join studies s on s.sha256 = n.study
    where :study in ('', s.name) and not n.is_test order by n.created_at, n.id

-- name: pairs
select c.id, c.left_recommender as "left", l.text as left_text,
        c.right_recommender as "right", r.text as right_text,
        {heard} as heard
    from comparisons c join turns l on l.id = c.left_generation
    join turns r on r.id = c.right_generation where c.id in (select value from json_each(?))
