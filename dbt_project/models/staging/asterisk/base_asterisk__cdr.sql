select *
from {{ lake('asterisk', 'cdr') }}
where {{ in_read_window('dt') }}
