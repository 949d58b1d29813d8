from django.urls import path

from feedback import views as shared
from report import views
from report.scoring import KIND

GAME = {"kind": KIND}

app_name = "report"
urlpatterns = [
    path("cases/<public_id:case_id>/", views.case, name="case"),
    path("attempts/<uuid:attempt_id>/", views.attempt, name="attempt"),
    path("attempts/<uuid:attempt_id>/draft", shared.draft, GAME, name="draft"),
    path("attempts/<uuid:attempt_id>/submit", shared.submit, GAME, name="submit"),
    path("attempts/<uuid:attempt_id>/hint", shared.hint, GAME, name="hint"),
    path("attempts/<uuid:attempt_id>/status", shared.status, GAME, name="status"),
    path("attempts/<uuid:attempt_id>/result", views.result, name="result"),
    path("attempts/<uuid:attempt_id>/beside", views.beside, name="beside"),
    path("attempts/<uuid:attempt_id>/again", shared.again, GAME, name="again"),
    path("attempts/<uuid:attempt_id>/contest", views.contest, name="contest"),
    path("macros/", views.macros, name="macros"),
]
