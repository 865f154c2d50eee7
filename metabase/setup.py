"""The first set-up of a Metabase that nobody has used yet: its administrator, its language, and a key for callmart.

Belongs here: what is done once. Not here: content (provision.py).
"""

from __future__ import annotations

from metabase.client import Client
from metabase.errors import MetabaseError
from metabase.provision import ADMINISTRATORS

LOCALES = {"zh": "zh_CN", "en": "en"}
KEY_NAME = "callmart"
TELEMETRY = "anon-tracking-enabled"


def set_up(client: Client, email: str, password: str, language: str) -> str:
    """Makes the administrator and returns a new API key of the administrators, which Metabase shows only once.

    Turns Metabase's telemetry off. When the administrator is there already (a run that was interrupted), signs in and
    makes the key alone. A key of the name that is there already is made anew, and its former text is worth nothing:
    Metabase takes a name only once.
    """
    said = client.get("/api/session/properties")
    if said.get("setup-token") and not said.get("has-user-setup"):
        user = {"email": email, "password": password, "first_name": "callmart", "last_name": "admin"}
        prefs = {"site_name": "callmart", "site_locale": LOCALES[language]}
        body = {"token": said["setup-token"], "user": user, "prefs": prefs}
        session = client.post("/api/setup", body)["id"]
    else:
        session = client.post("/api/session", {"username": email, "password": password})["id"]
    client.sign_in(session)
    # The set-up turns Metabase's telemetry on, whatever it is asked, unless the server's environment says no.
    if client.get("/api/session/properties").get(TELEMETRY) is not False:
        client.put(f"/api/setting/{TELEMETRY}", {"value": False})
    keys = {row["name"]: row["id"] for row in client.get("/api/api-key")}
    if KEY_NAME in keys:
        made = client.put(f"/api/api-key/{keys[KEY_NAME]}/regenerate", {})
    else:
        groups = {row["name"]: row["id"] for row in client.get("/api/permissions/group")}
        made = client.post("/api/api-key", {"name": KEY_NAME, "group_id": groups[ADMINISTRATORS]})
    if not made.get("unmasked_key"):
        raise MetabaseError(
            "Metabase made no key.", todo=f"delete the key {KEY_NAME} in its settings and run setup again."
        )
    return str(made["unmasked_key"])
