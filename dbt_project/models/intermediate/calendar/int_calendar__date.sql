-- All dates that anything is about.
select cast(date '1990-01-01' + spine.n * interval '1' day as date) as local_date
from {{ spine(40176) }} as spine
