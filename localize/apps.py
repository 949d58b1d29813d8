from django.apps import AppConfig


class LocalizeConfig(AppConfig):
    name = "localize"

    def ready(self) -> None:
        from feedback.registry import register
        from localize.scoring import GAME

        register(GAME)
