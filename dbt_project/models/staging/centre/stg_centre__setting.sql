select
    site_id,
    site_name_zh,
    site_name_en,
    timezone,
    currency,
    sl_target_s,
    sl_target_rate,
    short_abandon_s,
    invalid_call_s,
    anomalous_short_s,
    acw_pause_reasons,
    wrap_up_s,
    shift_day_start_s,
    agent_silence_max_s,
    contact_match_s
from {{ lake('centre', 'setting') }}
