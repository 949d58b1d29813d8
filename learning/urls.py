from django.urls import path

from learning import own_views, views
from learning.endless import views as endless

app_name = "learning"
urlpatterns = [
    path("home/", views.home, name="home"),
    path("next/<str:kind>/", views.next_case, name="next"),
    path("start/<str:kind>/", views.start, name="start"),
    path("series/<uuid:series_id>/", views.series, name="series"),
    path("series/<uuid:series_id>/onward/", views.onward, name="onward"),
    path("series/<uuid:series_id>/end/", views.end, name="end"),
    path("past/", views.history, name="history"),
    path("endless/", endless.page, name="endless"),
    path("endless/next/", endless.onward, name="endless_next"),
    path("goals/", own_views.goals, name="goals"),
    path("daily/", own_views.daily_film, name="daily"),
    path("deck/<str:kind>/", own_views.deck, name="deck"),
    path("keep/<uuid:attempt_id>/", own_views.keep, name="keep"),
    path("kept/", own_views.kept, name="kept"),
    path("kept/cards.apkg", own_views.anki, name="cards"),
    path("progress/cases.<str:file_type>", own_views.own_figures, name="own_figures"),
    path("progress/", views.progress, name="progress"),
]
