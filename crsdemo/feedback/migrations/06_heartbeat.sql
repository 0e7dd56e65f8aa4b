-- When a reply that is being written was heard of last
alter table generations add column heartbeat_at text;
