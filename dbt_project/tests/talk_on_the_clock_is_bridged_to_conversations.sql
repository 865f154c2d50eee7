{{ config(severity='warn') }}
-- Agents' states come from another log than their conversations. Where one of both lost a part, the difference is told
-- and not explained; that is no reason to hold a release back (DECISIONS.md, section 31).
select local_date, local_hour, measure, amount
from {{ ref('rpt_bridge_agent_clock') }}
where {{ in_window('local_date') }} and step = 'unexplained' and abs(amount) > 0.01
