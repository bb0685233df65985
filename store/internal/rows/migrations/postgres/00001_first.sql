-- +goose Up

-- Times are microseconds since 1970 in UTC, 0 for "not yet"; lists and maps are JSON text.

create table requests (
    number         bigint primary key generated always as identity,
    id             text   not null unique,
    delivery       text   not null unique,
    source         text   not null,
    slack_team     text   not null,
    slack_user     text   not null,
    requester_id   text   not null,
    channel        text   not null,
    text           text   not null,
    title          text   not null,
    thread_channel text   not null,
    thread_ts      text   not null,
    opened_at      bigint not null,
    closed_at      bigint not null,
    version        bigint not null
);
create index requests_by_person on requests (slack_team, slack_user, number);
create index requests_open on requests (number) where closed_at = 0;

create table runs (
    id         text   not null primary key,
    request_id text   not null unique references requests (id),
    playbook   text   not null,
    hash       text   not null,
    source     text   not null,
    state      text   not null,
    step       bigint not null,
    data       text   not null,
    wake_at    bigint not null,
    started_at bigint not null,
    ended_at   bigint not null,
    version    bigint not null
);
create index runs_due on runs (wake_at) where wake_at > 0 and state in ('received', 'waiting', 'acting');

create table asks (
    id         text   not null primary key,
    request_id text   not null references requests (id),
    run_id     text   not null references runs (id),
    step       bigint not null,
    kind       text   not null,
    digest     text   not null,
    plan       text   not null,
    need       bigint not null,
    state      text   not null,
    opened_at  bigint not null,
    expires_at bigint not null,
    closed_at  bigint not null,
    version    bigint not null
);
create index asks_by_run on asks (run_id, opened_at);
create index asks_by_request on asks (request_id);

create table ask_people (
    ask_id    text   not null references asks (id),
    position  bigint not null,
    person_id text   not null,
    primary key (ask_id, position)
);
create index ask_people_by_person on ask_people (person_id, ask_id);

create table decisions (
    ask_id     text   not null references asks (id),
    person_id  text   not null,
    slack_team text   not null,
    slack_user text   not null,
    verdict    text   not null,
    reason     text   not null,
    digest     text   not null,
    at         bigint not null,
    primary key (ask_id, person_id)
);

create table effects (
    id              text   not null primary key,
    run_id          text   not null references runs (id),
    request_id      text   not null references requests (id),
    step            bigint not null,
    idx             bigint not null,
    action          text   not null,
    target_id       text   not null,
    object_id       text   not null,
    state           text   not null,
    attempt         bigint not null,
    intent          text   not null,
    intent_at       bigint not null,
    outcome_at      bigint not null,
    status          bigint not null,
    code            text   not null,
    summary         text   not null,
    okta_request_id text   not null,
    retry_at        bigint not null,
    version         bigint not null,
    unique (run_id, step, idx)
);

create table notices (
    seq        bigint primary key generated always as identity,
    id         text   not null unique,
    request_id text   not null,
    key        text   not null unique,
    replaces   text   not null,
    send_to    text   not null,
    body       text   not null,
    state      text   not null,
    channel    text   not null,
    ts         text   not null,
    attempts   bigint not null,
    not_before bigint not null,
    error      text   not null,
    queued_at  bigint not null,
    sent_at    bigint not null,
    version    bigint not null
);
create index notices_pending on notices (request_id, seq) where state in ('pending', 'sending');
create index notices_due on notices (not_before, seq) where state in ('pending', 'sending');

-- The chain. It refers to nothing, so that it outlives what it tells of.
create table events (
    seq             bigint not null primary key,
    id              text   not null unique,
    request_id      text   not null,
    run_id          text   not null,
    at              bigint not null,
    kind            text   not null,
    actor           text   not null,
    action          text   not null,
    target          text   not null,
    outcome         text   not null,
    status          bigint not null,
    code            text   not null,
    okta_request_id text   not null,
    detail          text   not null,
    personal        text   not null,
    salt            text   not null,
    digest          text   not null,
    prev            text   not null,
    hash            text   not null
);
create index events_by_request on events (request_id, seq);

-- One row: the last event, as remembered beside the chain.
create table chain_head (
    id   bigint not null primary key check (id = 1),
    seq  bigint not null,
    hash text   not null
);
insert into chain_head (id, seq, hash) values (1, 0, '');

create table people (
    id         text   not null primary key,
    email      text   not null,
    login      text   not null,
    name       text   not null,
    status     text   not null,
    department text   not null,
    title      text   not null,
    manager_id text   not null,
    seen_at    bigint not null
);
create index people_by_email on people (email);

create table bindings (
    slack_team text   not null,
    slack_user text   not null,
    person_id  text   not null unique,
    email      text   not null,
    proof      text   not null,
    dm_channel text   not null,
    bound_at   bigint not null,
    proven_at  bigint not null,
    version    bigint not null,
    primary key (slack_team, slack_user)
);

create table once (
    key text   not null primary key,
    at  bigint not null
);
create index once_by_age on once (at);

create table claims (
    key   text   not null primary key,
    owner text   not null,
    until bigint not null
);
