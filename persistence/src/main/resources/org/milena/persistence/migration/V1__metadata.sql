-- The metadata of a cluster. Fits H2 and PostgreSQL.

create table milena_cluster (
    id         integer      not null primary key,
    cluster_id varchar(64)  not null
);

-- Numbers that only grow: incarnation (of brokers), producer-id (next free one).
create table milena_counter (
    name       varchar(32)  not null primary key,
    next_value bigint       not null,
    version    bigint       not null
);

create table milena_broker (
    id          integer not null primary key,
    incarnation bigint  not null,
    version     bigint  not null
);

create table milena_topic (
    id             uuid         not null primary key,
    name           varchar(249) not null,
    internal_topic boolean      not null,
    configs_held   boolean      not null,
    version        bigint       not null,
    constraint milena_topic_name unique (name)
);

-- Replicas and in-sync replicas are broker ids, separated by commas, in the order of preference.
create table milena_partition (
    topic_id        uuid          not null,
    partition_index integer       not null,
    leader          integer       not null,
    leader_epoch    integer       not null,
    replicas        varchar(4000) not null,
    isr             varchar(4000) not null,
    version         bigint        not null,
    primary key (topic_id, partition_index),
    constraint milena_partition_topic foreign key (topic_id) references milena_topic (id)
);

create table milena_config (
    resource_type varchar(16)  not null,
    resource_name varchar(512) not null,
    config_key    varchar(255) not null,
    config_value  varchar(1000000) not null,
    primary key (resource_type, resource_name, config_key)
);
