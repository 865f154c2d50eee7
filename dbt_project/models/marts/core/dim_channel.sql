select
    channel_id,
    kind,
    entry_point,
    channel_name_zh,
    channel_name_en
from {{ ref('channel') }}
