{#- What must hold between the registry, its measures and its targets. -#}

{#- Fails for a KPI that has not exactly one default official variant at a time. -#}
{% test one_default_variant(model) %}
select kpi_id
from {{ model }}
where valid_to is null
group by kpi_id
having sum(case when is_default_official then 1 else 0 end) != 1
{% endtest %}

{#- Fails for a variant whose column `measure` names what no family measures, unless the variant needs a capability
    that no contract provides yet. -#}
{% test measures_exist(model, measure) %}
select kpi_id, variant, {{ measure }}
from {{ model }} as definitions
where
    {{ measure }} is not null
    and {{ measure }} not in (select measure from {{ ref('kpi_measure_definition') }})
    and not exists (
        select 1 from {{ ref('kpi_capability') }} as capabilities
        where
            ';' || definitions.needs || ';' like '%;' || capabilities.capability || ';%'
            and capabilities.capability not in (select capability from {{ ref('stg_centre__feed_capability') }})
    )
{% endtest %}

{#- Fails for a list joined by semicolons of which a part is not a known capability. -#}
{% test parts_are_capabilities(model, column_name) %}
with

lists as (
    select
        kpi_id,
        variant,
        {{ column_name }} as parts,
        1 + length({{ column_name }}) - length(replace({{ column_name }}, ';', '')) as part_count
    from {{ model }}
)

select
    lists.kpi_id,
    lists.variant,
    lists.parts
from lists
left join {{ ref('kpi_capability') }} as capabilities
    on ';' || lists.parts || ';' like '%;' || capabilities.capability || ';%'
group by lists.kpi_id, lists.variant, lists.parts, lists.part_count
having count(capabilities.capability) != lists.part_count
{% endtest %}

{#- Fails for a target or trigger of a KPI variant that the registry does not define. -#}
{% test target_names_a_definition(model) %}
select kpi_id, variant
from {{ model }}
where kpi_id || ':' || variant not in (select kpi_id || ':' || variant from {{ ref('kpi_definition') }})
{% endtest %}

{#- Fails for a fallback between variants that the registry does not have. -#}
{% test fallback_names_variants(model) %}
select fallbacks.*
from {{ model }} as fallbacks
left join {{ ref('kpi_definition') }} as definition
    on fallbacks.kpi_id = definition.kpi_id and fallbacks.variant = definition.variant
left join {{ ref('kpi_definition') }} as others
    on fallbacks.kpi_id = others.kpi_id and fallbacks.fallback_variant = others.variant
where definition.variant is null or others.variant is null
{% endtest %}

{#- Fails for a trigger without a remedy and somebody who takes it, and for a target of a KPI that has none. A trigger of
    no group needs a rule of its KPI. -#}
{% test triggers_and_targets_have_a_remedy(model) %}
select targets.kpi_id, targets.variant, targets.scope, targets.rule_group
from {{ ref('kpi_target') }} as targets
left join {{ model }} as rules
    on
        targets.kpi_id = rules.kpi_id
        and (targets.kind = 'target' or coalesce(targets.rule_group, '') = coalesce(rules.rule_group, ''))
where
    targets.kind in ('target', 'trigger')
    and (rules.kpi_id is null or rules.owner_role = '' or rules.measure_en = '')
{% endtest %}
