-- The question with written answers that a message was near, on which the words of talk leaned
alter table evidence add column question text not null default '';
