from django.apps import AppConfig


class AttemptsConfig(AppConfig):
    name = "attempts"

    def ready(self) -> None:
        from accounts import personal
        from attempts.personal import PARTS
        from attempts.rescoring import is_opened, outdated, queue
        from cases.scored import Rescorer, register

        personal.register(*PARTS)
        register(Rescorer(outdated, queue, is_opened))
