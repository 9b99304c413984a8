"""Phones and a mailbox on this machine, behind Twilio's own protocol and SMTP, with faults on demand."""
