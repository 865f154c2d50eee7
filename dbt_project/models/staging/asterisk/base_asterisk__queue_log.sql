select *
from {{ lake('asterisk', 'queue_log') }}
where {{ in_read_window('dt') }}
