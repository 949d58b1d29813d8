from django.apps import AppConfig


class LocalizeConfig(AppConfig):
    name = "localize"

    def ready(self) -> None:
        from accounts import personal
        from attempts import games
        from cases import doubts
        from feedback import explainers
        from localize.explained import EXPLAINER
        from localize.flags import DOUBTS
        from localize.personal import PARTS
        from localize.scoring import GAME

        games.register(GAME)
        explainers.register(GAME.kind, EXPLAINER)
        doubts.register(DOUBTS)
        personal.register(*PARTS)
