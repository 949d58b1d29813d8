from django.apps import AppConfig


class ClassroomConfig(AppConfig):
    name = "classroom"

    def ready(self) -> None:
        from accounts import personal
        from accounts.signals import erasing
        from classroom import panels
        from classroom.personal import PARTS, erase_invitations
        from learning import assigned

        personal.register(*PARTS)
        erasing.connect(erase_invitations)
        assigned.register(panel=panels.due, compares=panels.compared, page_of=panels.page_of)
        assigned.no_game.append(panels.plays_no_game)
