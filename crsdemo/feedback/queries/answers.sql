-- name: answers
-- About an assignment, or about a study as a whole
select x.annotator as visitor, s.name as study, n.study as study_sha256,
        coalesce(a.task, '') as task, coalesce(a.kind, '') as kind, x.questionnaire,
        x.question as item, q.text as question, q.kind as form, q.about,
        coalesce(q.labels, '[]') as labels, coalesce(q.lowest, 0) as lowest, x.value,
        coalesce(a.left_recommender, '') as "left", coalesce(a.right_recommender, '') as "right",
        x.created_at as answered_at, n.is_test
    from answers x join annotators n on n.id = x.annotator join studies s on s.sha256 = n.study
    left join assignments a on a.id = x.about
    left join questions q on q.study = n.study and q.questionnaire = x.questionnaire
        and q.question = x.question
    where x.annotator not in (select annotator from withdrawn)
        and x.revision = (select max(o.revision) from answers o where o.annotator = x.annotator
            and o.questionnaire = x.questionnaire and o.question = x.question
            and o.about = x.about)
    order by x.number
