from django.urls import path

from classroom import views

app_name = "classroom"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("trainees/", views.trainees, name="trainees"),
]
