from django.urls import path

from attempts.urls import game_urls
from feedback.urls import explanation_urls
from localize import views
from localize.pages import PAGES

app_name = "localize"
urlpatterns = [
    *game_urls(PAGES),
    *explanation_urls(PAGES.kind),
    path("attempts/<uuid:attempt_id>/flag", views.flag, name="flag"),
    path("attempts/<uuid:attempt_id>/behind", views.behind, name="behind"),
    path("attempts/<uuid:attempt_id>/behind/ct", views.ct, name="ct"),
    path("attempts/<uuid:attempt_id>/behind/<public_id:layer_id>", views.layer, name="layer"),
    path("truth/<slug:dataset>.json", views.truth_of_dataset, name="truth_of_dataset"),
    path("atlas/<slug:label>/", views.atlas_entry, name="atlas"),
]
