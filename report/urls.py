from django.urls import path

from attempts.urls import game_urls
from feedback.seen_through_views import seen_through_urls
from report import views
from report.pages import PAGES

app_name = "report"
urlpatterns = [
    *game_urls(PAGES),
    *seen_through_urls(PAGES.kind),
    path("attempts/<uuid:attempt_id>/beside", views.beside, name="beside"),
    path("attempts/<uuid:attempt_id>/contest", views.contest, name="contest"),
    path("macros/", views.macros, name="macros"),
]
