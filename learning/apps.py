from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "learning"

    def ready(self) -> None:
        from accounts import personal
        from accounts.signals import erasing
        from attempts import games
        from attempts.signals import attempt_scored
        from feedback import seen_through
        from learning import skills
        from learning.drills.game import GAME
        from learning.endless.behind import MAKER
        from learning.endless.erasing import erase_made
        from learning.personal import PARTS

        games.register(GAME)
        seen_through.register(MAKER)
        personal.register(*PARTS)
        erasing.connect(erase_made)
        attempt_scored.connect(skills.when_scored)
