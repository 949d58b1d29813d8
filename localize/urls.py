from django.urls import path

from feedback import views as shared
from localize import views
from localize.scoring import KIND

GAME = {"kind": KIND}

app_name = "localize"
urlpatterns = [
    path("cases/<public_id:case_id>/", views.case, name="case"),
    path("attempts/<uuid:attempt_id>/", views.attempt, name="attempt"),
    path("attempts/<uuid:attempt_id>/draft", shared.draft, GAME, name="draft"),
    path("attempts/<uuid:attempt_id>/submit", shared.submit, GAME, name="submit"),
    path("attempts/<uuid:attempt_id>/hint", shared.hint, GAME, name="hint"),
    path("attempts/<uuid:attempt_id>/status", shared.status, GAME, name="status"),
    path("attempts/<uuid:attempt_id>/result", views.result, name="result"),
    path("attempts/<uuid:attempt_id>/explain", views.explain, name="explain"),
    path("attempts/<uuid:attempt_id>/rate", views.rate, name="rate"),
    path("attempts/<uuid:attempt_id>/again", shared.again, GAME, name="again"),
    path("attempts/<uuid:attempt_id>/flag", views.flag, name="flag"),
    path("atlas/<slug:label>/", views.atlas_entry, name="atlas"),
]
