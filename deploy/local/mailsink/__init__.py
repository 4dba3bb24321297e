"""The agency's submission server and all recipients' mailboxes in one: accepts every mail, delivers none outside."""

AGENCY_DOMAIN = "agency.test"  # of the settings' defaults: HAETAE_AGENCY_REPLY_TO, HAETAE_MAIL_FROM
