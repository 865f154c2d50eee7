select
    dialled_number,
    channel_id
from {{ lake('centre', 'number') }}
