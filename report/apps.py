from django.apps import AppConfig


class ReportConfig(AppConfig):
    name = "report"

    def ready(self) -> None:
        from accounts import personal
        from attempts import games
        from cases import doubts
        from feedback import explainers
        from report.opinions import EXPLAINER
        from report.personal import PARTS
        from report.scoring import GAME
        from report.services import DOUBTS

        games.register(GAME)
        explainers.register(GAME.kind, EXPLAINER)
        doubts.register(DOUBTS)
        personal.register(*PARTS)
