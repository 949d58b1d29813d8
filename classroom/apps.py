from django.apps import AppConfig


class ClassroomConfig(AppConfig):
    name = "classroom"

    def ready(self) -> None:
        from accounts import personal
        from accounts.signals import erasing, work_shown
        from classroom import panels
        from classroom.personal import PARTS, erase_invitations
        from classroom.seen import note_administration
        from learning import assigned

        personal.register(*PARTS)
        erasing.connect(erase_invitations)
        work_shown.connect(note_administration)
        assigned.register(panel=panels.due, compares=panels.compared, page_of=panels.page_of)
        assigned.no_game.append(panels.plays_no_game)
