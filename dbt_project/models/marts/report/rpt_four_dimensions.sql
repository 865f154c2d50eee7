select * from {{ ref('rpt_board_row') }}
where report_id = 'R13'
