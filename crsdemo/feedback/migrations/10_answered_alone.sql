-- How many messages of each single talk were answered: counted for each assignment alone, where the
-- view of before read all generations whoever was asked about
drop view answered_alone;

create view answered_alone as
    select a.id as assignment_id, a.annotator, min(a.messages, (
            select count(*) from turns t join generations g on g.id = t.id and g.status = 'ok'
            where t.dialogue_id = a.id and t.undone_at is null)) as answered
    from assignments a where a.kind = 'single';
