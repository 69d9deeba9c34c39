"""Conduct: as the RFCs say, as other servers do (profiles), or wrong on request (faults)."""
