from django.apps import AppConfig


class RadgameConfig(AppConfig):
    name = "radgame"
    verbose_name = "RadGame"
