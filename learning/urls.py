from django.urls import path

from learning import views

app_name = "learning"
urlpatterns = [
    path("home/", views.home, name="home"),
    path("next/<str:kind>/", views.next_case, name="next"),
    path("progress/", views.progress, name="progress"),
]
