from django.contrib import admin
from django.urls import include, path, register_converter

from cases.converters import PublicIdConverter
from localize.views import about_scoring
from radgame import views

register_converter(PublicIdConverter, "public_id")

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("account/", include("accounts.urls")),
    path("about/scoring/", about_scoring, name="about_scoring"),
    path("localize/", include("localize.urls")),
    path("report/", include("report.urls")),
    path("classroom/", include("classroom.urls")),
    path("admin/", admin.site.urls),
    path("", include("learning.urls")),
    path("", include("cases.urls")),
    path("", views.home, name="home"),
]
handler400 = "radgame.views.bad_request"
handler403 = "radgame.views.forbidden"
handler404 = "radgame.views.not_found"
handler500 = "radgame.views.failed"
