from django.apps import AppConfig
from django.conf import settings


class RadgameConfig(AppConfig):
    name = "radgame"
    verbose_name = "RadGame"

    def ready(self) -> None:
        if settings.SENTRY_DSN:
            from radgame import sentry

            sentry.start(settings.SENTRY_DSN, settings.ENVIRONMENT)
