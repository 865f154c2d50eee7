"""What must hold of evaluations, measured sound, recordings and compliance checks before they are released.

Belongs here: rules about single records and about a date's records. Keys and value lists are dbt tests.
"""

from __future__ import annotations

from expectations.marts.common import MartSuite, breaks, no_phone_number, not_negative, warns

_EVALUATION = ("evaluation_id", "local_date")
_SECTION = ("evaluation_id", "section", "local_date")
_MEASUREMENT = ("contact_id", "measured_at", "local_date")
_CHECK = ("contact_id", "requirement_id", "local_date")
_RECORDING = ("recording_id", "local_date")
_CONTACT = ("contact_id", "local_date")
_LONGEST_RECORDING_S = 86_400

EVALUATION_SUITE = MartSuite(
    "fct_qa_evaluation",
    (
        not_negative(*_EVALUATION),
        no_phone_number(*_EVALUATION),
        breaks(
            "points_range",
            "得分率超过 100",
            "a score is more than 100 per cent",
            "select evaluation_id, local_date, score_points, bearing_points from {batch} "
            "where score_points > 100 or bearing_points > 100",
        ),
        breaks(
            "script_identity",
            "话术抽检没有适用的合规项，或未满分项多于适用项",
            "a check of the script has no item, or more failed items than items",
            """
            select evaluation_id, local_date, script_item_count, failed_script_item_count from {batch}
            where failed_script_item_count > script_item_count or (is_script_check and script_item_count = 0)""",
        ),
    ),
)

SECTION_SUITE = MartSuite(
    "fct_qa_section",
    (
        not_negative(*_SECTION),
        no_phone_number(*_SECTION),
        breaks(
            "part_exceeds_whole",
            "得分高于满分，或未满分项多于适用项",
            "a section has more than its highest score, or more failed items than items",
            """
            select evaluation_id, section, local_date, score, score_max, item_count, failed_item_count from {batch}
            where score > score_max or failed_item_count > item_count or score_points > 100""",
        ),
    ),
)

SOUND_SUITE = MartSuite(
    "fct_audio_quality",
    (
        not_negative(*_MEASUREMENT),
        no_phone_number(*_MEASUREMENT),
        breaks(
            "good_identity",
            "某次测量不合格，而其联系、坐席或线路部分判为合格",
            "a measurement is bad and its contact, agent's part or line's part is good",
            """
            select contact_id, measured_at, local_date, is_good, is_contact_good, is_agent_good, is_line_good
            from {batch} where (not is_good and (is_contact_good or is_agent_good or is_line_good))
               or (is_contact_good and not (is_agent_good and is_line_good))""",
        ),
        warns(
            "mos_range",
            "MOS 不在 1 至 5 之间",
            "a mean opinion score does not lie between 1 and 5",
            "select contact_id, measured_at, local_date, mos from {batch} where not mos between 1 and 5",
        ),
    ),
)

CHECK_SUITE = MartSuite("fct_compliance_check", (no_phone_number(*_CHECK),))

RECORDING_SUITE = MartSuite(
    "fct_recording",
    (
        not_negative(*_RECORDING),
        no_phone_number(*_RECORDING),
        breaks(
            "deletion_identity",
            "提前删除标记与删除时刻不符",
            "the mark of an early deletion contradicts its instant",
            """
            select recording_id, local_date, due_until_at, deleted_at, is_deleted_early, is_deletion_wanted
            from {batch}
            where is_deleted_early != coalesce(deleted_at < due_until_at, false)
               or (is_deletion_wanted and not is_deleted_early)""",
        ),
        warns(
            "duration_range",
            f"录音超过 {_LONGEST_RECORDING_S} 秒",
            f"a recording is longer than {_LONGEST_RECORDING_S} s",
            f"select recording_id, local_date, duration_s from {{batch}} where duration_s > {_LONGEST_RECORDING_S}",
        ),
    ),
)

RECORDING_DAY_SUITE = MartSuite(
    "fct_recording_day",
    (
        not_negative("local_date"),
        breaks(
            "part_exceeds_whole",
            "删除数多于录音数，或客户要求删除数多于提前删除数",
            "more recordings were deleted than there are, or more at a customer's wish than were deleted",
            """
            select local_date, recording_count, deleted_early_count, deletion_wanted_count from {batch}
            where deleted_early_count > recording_count or deletion_wanted_count > deleted_early_count""",
        ),
        warns(
            "more_recordings",
            "录音数比通话段数多出 5% 以上",
            "there are over 5 % more recordings than conversations",
            """
            select local_date, recording_count, conversation_count from {batch}
            where recording_count > 20 and recording_count > 1.05 * conversation_count""",
        ),
    ),
)

RECORD_SUITE = MartSuite(
    "fct_contact_record",
    (
        not_negative(*_CONTACT),
        no_phone_number(*_CONTACT),
        breaks(
            "complete_identity",
            "记录完整标记与录音、合规要求不符",
            "the mark of a complete record contradicts its recordings or requirements",
            """
            select contact_id, local_date, conversation_count, recording_count, requirement_count,
                requirement_met_count, is_complete
            from {batch}
            where requirement_met_count > requirement_count
               or is_complete != (recording_count >= conversation_count
                   and requirement_count > 0 and requirement_met_count = requirement_count)""",
        ),
    ),
)
