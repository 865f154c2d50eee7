"""WHAT MUST HOLD: contracts of the lake and Great Expectations suites as code. Knows nothing of orchestration."""
