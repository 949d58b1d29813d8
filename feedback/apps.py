from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"

    def ready(self) -> None:
        from cases.signals import case_published
        from feedback.ahead import when_published

        case_published.connect(when_published)
