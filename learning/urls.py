from django.urls import path

from learning import views

app_name = "learning"
urlpatterns = [
    path("home/", views.home, name="home"),
    path("next/<str:kind>/", views.next_case, name="next"),
    path("start/<str:kind>/", views.start, name="start"),
    path("series/<uuid:series_id>/", views.series, name="series"),
    path("series/<uuid:series_id>/onward/", views.onward, name="onward"),
    path("series/<uuid:series_id>/end/", views.end, name="end"),
    path("progress/", views.progress, name="progress"),
]
