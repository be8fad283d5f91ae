-- Topics that were deleted, until no log directory holds anything of them.

create table milena_deleted_topic (
    id   uuid         not null primary key,
    name varchar(249) not null
);
