"""The Celery application: `celery -A radgame worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radgame.settings")

app = Celery("radgame")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
