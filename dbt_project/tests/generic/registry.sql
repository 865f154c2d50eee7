{#- Fails for a KPI that has not exactly one default official variant at a time. -#}
{% test one_default_variant(model) %}
select kpi_id
from {{ model }}
where valid_to is null
group by kpi_id
having sum(case when is_default_official then 1 else 0 end) != 1
{% endtest %}

{#- Fails for a denominator that no measure gives, unless the KPI needs a capability that no contract provides yet. -#}
{% test denominators_exist(model) %}
select kpi_id, variant, denominator
from {{ model }} as definitions
where
    denominator is not null
    and denominator not in (select measure from {{ ref('kpi_measure_definition') }})
    and not exists (
        select 1 from {{ ref('kpi_capability') }} as capabilities
        where
            ';' || definitions.needs || ';' like '%;' || capabilities.capability || ';%'
            and capabilities.capability not in (select capability from {{ ref('stg_centre__feed_capability') }})
    )
{% endtest %}

{#- Fails for a target or trigger of a KPI variant that the registry does not define. -#}
{% test target_names_a_definition(model) %}
select kpi_id, variant
from {{ model }}
where kpi_id || ':' || variant not in (select kpi_id || ':' || variant from {{ ref('kpi_definition') }})
{% endtest %}
