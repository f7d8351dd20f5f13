"""Leaf package: small pure parts every room may use. Imports no app, has no models."""
