-- Every difference between centre, queues, agents and intervals is one that a bridge names (DECISIONS.md, section 31).
-- Agents' time on the clock has a test of its own.
{%- set bridges = ['queue', 'queue_handling', 'agent', 'interval'] %}
{%- for bridge in bridges %}
select '{{ bridge }}' as bridge, local_date, measure, amount
from {{ ref('rpt_bridge_' ~ bridge) }}
where {{ in_window('local_date') }} and step = 'unexplained' and abs(amount) > 0.01
{{ 'union all' if not loop.last }}
{%- endfor %}
