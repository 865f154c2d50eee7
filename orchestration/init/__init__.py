"""`callmart init`: from a flat export of calls that nobody has mapped yet to a configuration that builds.

Here belongs: what a stranger's file looks like (sample.py), how its texts can be read (instants.py, durations.py), what
its headers and words mean (synonyms.yml), which column becomes which (proposal.py), and telling a person all of it
(document.py, report.py). Not here: reading a configured feed (extract/): what is written here is tried by that code.

Nothing is guessed. What can't be proved from the headers, the words or the figures is an assumption that is told, or an
open setting (`TODO`) that the configuration refuses until somebody decides it.
"""
