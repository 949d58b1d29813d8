from django.urls import path

from classroom import assignment_views, views
from classroom.figure_urls import FIGURES

CLASS = "<public_id:cohort_id>/"
WORK = "work/<public_id:assignment_id>/"

app_name = "classroom"
urlpatterns = [
    *FIGURES,
    path("", views.classes, name="classes"),
    path("new/", views.create, name="create"),
    path("join/", views.code, name="code"),
    path("join/<public_id:code>/", views.join, name="join"),
    path("join/<public_id:code>/decline/", views.decline, name="decline"),
    path("seen/", views.seen_by, name="seen_by"),
    path(WORK, assignment_views.assignment, name="assignment"),
    path(f"{WORK}edit/", assignment_views.edit, name="edit_assignment"),
    path(f"{WORK}act/", assignment_views.act, name="act"),
    path(f"{WORK}cases/", assignment_views.cases, name="cases"),
    path(f"{WORK}time/<public_id:code>/", assignment_views.extra_time, name="extra_time"),
    path("given/<public_id:assignment_id>/", assignment_views.given, name="given"),
    path(CLASS, views.cohort, name="cohort"),
    path(f"{CLASS}settings/", views.edit, name="edit"),
    path(f"{CLASS}assignments/new/", assignment_views.create, name="new_assignment"),
    path(f"{CLASS}archive/", views.archive, name="archive"),
    path(f"{CLASS}instructors/", views.instructors, name="instructors"),
    path(f"{CLASS}invitations/", views.invitations, name="invitations"),
    path(f"{CLASS}invitations/sheet/", views.sheet, name="sheet"),
    path(f"{CLASS}members/", views.add_members, name="add_members"),
    path(f"{CLASS}members/<public_id:code>/", views.member, name="member"),
    path(f"{CLASS}members/<public_id:code>/password/", views.password, name="password"),
    path(f"{CLASS}key/", views.key, name="key"),
    path(f"{CLASS}compare/", views.compare, name="compare"),
    path(f"{CLASS}rank/", views.rank, name="rank"),
    path(f"{CLASS}leave/", views.leave, name="leave"),
]
