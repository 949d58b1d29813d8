"""The Django project. Importing it makes the Celery application the current one."""

from radgame.celery import app as celery_app

__all__ = ["celery_app"]
__version__ = "0.1.0"
