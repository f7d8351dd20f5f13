"""WSGI entry point, served by gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from config.texts import remember_texts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
application = get_wsgi_application()
remember_texts()
