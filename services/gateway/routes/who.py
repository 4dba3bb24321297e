"""The routes about who somebody is, for `web.py`."""

from services.gateway.routes import (
    api_login,
    api_me,
    api_people,
    api_services,
    api_token,
    invitation,
    login,
    login_code,
    login_oidc,
    me,
    me_factor,
    people,
    people_services,
)

PAGES = (login, login_code, login_oidc, invitation, me, me_factor, people, people_services)
APIS = (api_login, api_token, api_me, api_people, api_services)
