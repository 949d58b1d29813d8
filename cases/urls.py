from django.urls import path

from cases import views

IMAGE = "images/<public_id:image_id>/<public_id:digest>"

app_name = "cases"
urlpatterns = [
    path("cases/", views.desk, name="desk"),
    path("cases/<public_id:case_id>/", views.detail, name="detail"),
    path("cases/<public_id:case_id>/status", views.set_status, name="set_status"),
    path(f"{IMAGE}/<int:number>.png", views.frame, name="frame"),
    path(f"{IMAGE}/thumbnail", views.thumbnail, name="thumbnail"),
]
