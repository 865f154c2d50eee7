-- The business clock at each instant of a stage: the seconds of office hours until then.
with

stages as (
    select * from {{ ref('int_ticket__stage') }}
),

settings as (
    select * from {{ ref('stg_centre__setting') }}
),

instants as (
    select sent_at as instant from stages
    union
    select accepted_at as instant from stages
    where accepted_at is not null
    union
    select left_at as instant from stages
    where left_at is not null
),

{{ worked_at() }}
