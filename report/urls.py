from django.urls import path

from report import views

app_name = "report"
urlpatterns = [
    path("cases/<public_id:case_id>/", views.case, name="case"),
    path("attempts/<uuid:attempt_id>/", views.attempt, name="attempt"),
    path("attempts/<uuid:attempt_id>/draft", views.draft, name="draft"),
    path("attempts/<uuid:attempt_id>/submit", views.submit, name="submit"),
    path("attempts/<uuid:attempt_id>/hint", views.hint, name="hint"),
    path("attempts/<uuid:attempt_id>/status", views.status, name="status"),
    path("attempts/<uuid:attempt_id>/result", views.result, name="result"),
    path("attempts/<uuid:attempt_id>/beside", views.beside, name="beside"),
    path("attempts/<uuid:attempt_id>/again", views.again, name="again"),
    path("attempts/<uuid:attempt_id>/contest", views.contest, name="contest"),
    path("macros/", views.macros, name="macros"),
]
