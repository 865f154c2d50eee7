select *
from {{ lake('canonical', 'contact') }}
where {{ in_read_window('dt') }}
