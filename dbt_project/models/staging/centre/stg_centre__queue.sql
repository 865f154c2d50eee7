select
    queue_id,
    queue_name_zh,
    queue_name_en,
    skill_group_id,
    timezone,
    sl_target_s,
    sl_target_rate,
    short_abandon_s,
    anomalous_short_s,
    anomalous_long_s,
    valid_from,
    valid_to
from {{ lake('centre', 'queue') }}
