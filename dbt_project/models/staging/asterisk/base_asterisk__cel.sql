select *
from {{ lake('asterisk', 'cel') }}
where {{ in_read_window('dt') }}
