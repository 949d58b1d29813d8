from django.contrib import admin
from django.urls import include, path, register_converter

from cases.converters import PublicIdConverter, RenditionKindConverter
from localize.views import about_scoring
from radgame import views

register_converter(PublicIdConverter, "public_id")
register_converter(RenditionKindConverter, "rendition_kind")

urlpatterns = [
    path("healthz", views.alive, name="alive"),
    path("readyz", views.ready, name="ready"),
    path("readyz/all", views.well, name="well"),
    path("metrics", views.figures, name="metrics"),
    path("account/", include("accounts.urls")),
    path("about/scoring/", about_scoring, name="about_scoring"),
    path("localize/", include("localize.urls")),
    path("report/", include("report.urls")),
    path("drills/", include("learning.drills.urls")),
    path("classes/", include("classroom.urls")),
    path("admin/", admin.site.urls),
    path("", include("learning.urls")),
    path("", include("cases.urls")),
    path("", views.home, name="home"),
]
handler400 = "radgame.views.bad_request"
handler403 = "radgame.views.forbidden"
handler404 = "radgame.views.not_found"
handler500 = "radgame.views.failed"
