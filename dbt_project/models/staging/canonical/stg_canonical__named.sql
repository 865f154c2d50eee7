-- Written by `python -m expectations.staging` from the feeds' contracts; change those, not this.
{#- (feed, its rows, column by which others name a record) -#}
{%- set feeds = [
    ('complaint', lake('canonical', 'complaint'), 'complaint_id'),
    ('customer', lake('canonical', 'customer'), 'customer_key'),
    ('lead', lake('canonical', 'lead'), 'lead_id'),
    ('qa_evaluation', lake('canonical', 'qa_evaluation'), 'evaluation_id'),
    ('recording', lake('canonical', 'recording'), 'recording_id'),
    ('survey_invitation', lake('canonical', 'survey_invitation'), 'survey_id'),
    ('ticket', lake('canonical', 'ticket'), 'ticket_id'),
] %}
{%- for feed, rows, column in feeds %}
select 'canonical.{{ feed }}' as feed, {{ column }} as named_id, dt from {{ rows }}
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
