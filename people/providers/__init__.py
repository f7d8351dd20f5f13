"""Sign-in providers of our own, beside those of django-allauth."""
