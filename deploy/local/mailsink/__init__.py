"""The agency's submission server and all recipients' mailboxes in one: accepts every mail, delivers none outside."""
