{{ config(severity='warn') }}
-- A date without rows though the feed had some on the same weekday before: a file that did not come, or a closed day.
select
    feed,
    local_date,
    expected_row_count
from {{ ref('fct_feed_day') }}
where is_missing and {{ in_window('local_date') }}
