from django.urls import path

from attempts.urls import game_urls
from feedback.seen_through_views import seen_through_urls
from feedback.urls import explanation_urls
from localize import views
from localize.pages import PAGES

app_name = "localize"
urlpatterns = [
    *game_urls(PAGES),
    *explanation_urls(PAGES.kind),
    *seen_through_urls(PAGES.kind),
    path("attempts/<uuid:attempt_id>/flag", views.flag, name="flag"),
    path("truth/<slug:dataset>.json", views.truth_of_dataset, name="truth_of_dataset"),
    path("atlas/<slug:label>/", views.atlas_entry, name="atlas"),
]
