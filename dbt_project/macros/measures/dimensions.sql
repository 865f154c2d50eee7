{#- The dimensions of KPI values. Those of this list have a column of their own; the member of any other (a tool, a product,
    a department …) stands in `member`, and `dim_set` says of what. -#}
{% macro kpi_dimensions() %}
    {{ return(['channel', 'direction', 'queue', 'agent', 'team', 'issue', 'region', 'segment', 'hour_of_day']) }}
{% endmacro %}

{#- All columns that hold a member, in the order of kpi_value. -#}
{% macro kpi_member_columns() %}
    {{ return(kpi_dimensions() + ['member']) }}
{% endmacro %}

{#- The same as a list for a select; `of` is the relation that they are taken from. -#}
{% macro kpi_members(of=none) -%}
    {%- for name in kpi_member_columns() -%}
        {{ of ~ '.' if of }}{{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Columns without a member. -#}
{% macro kpi_no_members() -%}
    {%- for name in kpi_member_columns() -%}
        cast(null as {{ 'integer' if name == 'hour_of_day' else 'string' }}) as {{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Dimension set and members in one text, so that numerators meet their denominators by equality; without a dimension
    it is `all`. -#}
{% macro dim_key() -%}
    concat_ws('|', dim_set
    {%- for name in kpi_member_columns() -%}
        , {{ 'cast(hour_of_day as string)' if name == 'hour_of_day' else name }}
    {%- endfor -%}
    )
{%- endmacro %}

{#- Key of the whole that a share is taken of: of all, or of the first dimension of two. -#}
{% macro whole_key(of) -%}
    case
        when {{ of }}.dim_set like '%+%' then concat_ws(
            '|', substring({{ of }}.dim_set, 1, position('+' in {{ of }}.dim_set) - 1), {{ first_member(of) }}
        )
        else 'all'
    end
{%- endmacro %}

{#- Members in the order of the set's dimensions, as one text: `phone → after_sales`; `of` as above. -#}
{% macro member_path(of=none) -%}
    concat_ws(' → '
    {%- for name in kpi_member_columns() -%}
        {%- set column = (of ~ '.' if of else '') ~ name -%}
        , {{ 'cast(' ~ column ~ ' as string)' if name == 'hour_of_day' else column }}
    {%- endfor -%}
    )
{%- endmacro %}

{#- Member of the first dimension of the set. -#}
{% macro first_member(of=none) -%}
    coalesce(
    {%- for name in kpi_member_columns() -%}
        {%- set column = (of ~ '.' if of else '') ~ name -%}
        {{ 'cast(' ~ column ~ ' as string)' if name == 'hour_of_day' else column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}
