select *
from {{ lake('canonical', 'transfer') }}
where {{ in_read_window('dt') }}
