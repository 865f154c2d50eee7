"""Scopes: releases of a part of the centre, for those who may see no more.

Here belongs: what each mart says of the way by which its rows reach a scope (declared.py), the SQL that follows from it
(limits.py), and making, renewing and withdrawing such releases (published.py). Not here: what a user can write
(config/models.py) and how a release is put in place (release.py).
"""
