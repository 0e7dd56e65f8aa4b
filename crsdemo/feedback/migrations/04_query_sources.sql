-- Words and titles of the dialogue that the query took up
alter table evidence add column query_sources text not null default '[]'
    check (json_valid(query_sources));
