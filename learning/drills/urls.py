from django.urls import path

from attempts.urls import game_urls
from feedback.seen_through_views import seen_through_urls
from learning.drills import views
from learning.drills.pages import PAGES

app_name = "drill"
urlpatterns = [
    path("", views.drills, name="drills"),
    path("<str:rule>/begin/", views.begin, name="begin"),
    *game_urls(PAGES),
    *seen_through_urls(PAGES.kind),
]
