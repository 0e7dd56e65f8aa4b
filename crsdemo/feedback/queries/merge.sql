-- name: replies
-- Whether each is finished, and when it was heard of last
select id, status not in ('running', 'abandoned'), coalesce(heartbeat_at, started_at)
    from generations

-- name: taken_back
-- Who withdrew and who was erased, with the document of consent that they had
select case when e.annotator is null then 'withdrawal' else 'erasure' end as what, c.annotator,
        c.document, c.document_sha256, c.created_at as moment
    from consents c left join erasures e using (annotator)
    where c.decision = 'withdrawn'

-- name: people
-- Each annotator, and who it is: the same person may be another annotator of the study too
select id, study, source, external_hmac from annotators where external_hmac is not null
