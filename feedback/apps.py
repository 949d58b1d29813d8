from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"

    def ready(self) -> None:
        from accounts import personal
        from attempts.signals import attempt_scored
        from cases.signals import case_published
        from feedback.ahead import when_published
        from feedback.opinions import when_scored
        from feedback.personal import PARTS

        case_published.connect(when_published)
        attempt_scored.connect(when_scored)
        personal.register(*PARTS)
