from django.apps import AppConfig


class ReportConfig(AppConfig):
    name = "report"

    def ready(self) -> None:
        from feedback.registry import register
        from report.scoring import GAME

        register(GAME)
