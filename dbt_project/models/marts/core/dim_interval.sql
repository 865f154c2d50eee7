select
    spine.n as interval_no,
    cast(floor(spine.n / 4.0) as integer) as hour_of_day,
    cast((spine.n % 4) * 15 as integer) as minute_of_hour,
    lpad(cast(cast(floor(spine.n / 4.0) as integer) as string), 2, '0') || ':'
    || lpad(cast((spine.n % 4) * 15 as string), 2, '0') as interval_label
from {{ spine(95) }} as spine
