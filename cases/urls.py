from django.urls import path

from cases import changes, curate_views, desk, second_views, upload_views, views

UPLOAD = "cases/uploads/<public_id:upload_id>"
IMAGE = "images/<public_id:image_id>/<public_id:token>"

app_name = "cases"
urlpatterns = [
    path("cases/", desk.desk, name="desk"),
    path("cases/act/", desk.act, name="act"),
    path("cases/labels/", desk.labels, name="labels"),
    path("cases/recipes/", desk.fetchable, name="recipes"),
    path("cases/changes/", changes.changes, name="changes"),
    path("cases/doubts/", desk.doubts, name="doubts"),
    path("cases/uploads/", upload_views.uploads, name="uploads"),
    path(f"{UPLOAD}/", upload_views.upload, name="upload"),
    path(f"{UPLOAD}/files/<int:number>", upload_views.upload_file, name="upload_file"),
    path(f"{UPLOAD}/finish", upload_views.upload_finish, name="upload_finish"),
    path(f"{UPLOAD}/answer", upload_views.upload_answer, name="upload_answer"),
    path(f"{UPLOAD}/act", upload_views.upload_act, name="upload_act"),
    path("answers/<int:answer_id>/seen", desk.answer_seen, name="answer_seen"),
    path("cases/<public_id:case_id>/", views.detail, name="detail"),
    path("cases/<public_id:case_id>/curate/", curate_views.curate, name="curate"),
    path("cases/<public_id:case_id>/truth", curate_views.truth, name="truth"),
    path("cases/<public_id:case_id>/checks", curate_views.checks, name="checks"),
    path("cases/<public_id:case_id>/lettering", curate_views.lettering, name="lettering"),
    path("cases/<public_id:case_id>/black-out", curate_views.black_out, name="black_out"),
    path("cases/<public_id:case_id>/second/", second_views.read, name="second"),
    path("cases/<public_id:case_id>/settle/", second_views.settle, name="settle"),
    path("cases/<public_id:case_id>/again", views.score_again, name="score_again"),
    path("cases/<public_id:case_id>/merge", views.merge, name="merge"),
    path("cases/<public_id:case_id>/series", views.choose_series, name="series"),
    path("cases/<public_id:case_id>/status", views.set_status, name="set_status"),
    path(f"{IMAGE}/<int:number>.<rendition_kind:kind>", views.frame, name="frame"),
    path(f"{IMAGE}/<int:number>/shown", views.shown, name="shown"),
    path(f"{IMAGE}/thumbnail", views.thumbnail, name="thumbnail"),
]
