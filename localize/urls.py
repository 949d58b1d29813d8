from django.urls import path

from localize import views

app_name = "localize"
urlpatterns = [
    path("cases/<public_id:case_id>/", views.case, name="case"),
    path("attempts/<uuid:attempt_id>/", views.attempt, name="attempt"),
    path("attempts/<uuid:attempt_id>/draft", views.draft, name="draft"),
    path("attempts/<uuid:attempt_id>/submit", views.submit, name="submit"),
    path("attempts/<uuid:attempt_id>/hint", views.hint, name="hint"),
    path("attempts/<uuid:attempt_id>/status", views.status, name="status"),
    path("attempts/<uuid:attempt_id>/result", views.result, name="result"),
    path("attempts/<uuid:attempt_id>/explain", views.explain, name="explain"),
    path("attempts/<uuid:attempt_id>/rate", views.rate, name="rate"),
    path("attempts/<uuid:attempt_id>/again", views.again, name="again"),
    path("attempts/<uuid:attempt_id>/flag", views.flag, name="flag"),
    path("atlas/<slug:label>/", views.atlas_entry, name="atlas"),
]
