"""What happens without a person: when the job runs by itself, whose silence is noticed, who hears of a failure.

Here belongs: schedules, sensors, and what they need to know. Not here: what the job does (assets/), which dates it must
build (planning.py).
"""
