"""How records leave the simulation: in the forms of the systems that a real centre has, and mapped as a user would.

`shapes` says how a system names and writes the columns of a feed, one module for each system says which shapes it has
(`crm`, `helpdesk`, `monitoring`, `surveys`, `quality`, `exports`), `files` and `database` write, `defects` spoils files
on their way, and `writer` sends each record where it belongs. Nothing here knows what a record means.
"""
