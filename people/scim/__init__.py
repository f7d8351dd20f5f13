"""SCIM 2.0 (RFC 7643, 7644): directories hire, move and end people as they keep their own accounts."""
