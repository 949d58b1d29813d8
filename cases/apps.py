from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from accounts import personal
        from cases.personal import PARTS

        personal.register(*PARTS)
