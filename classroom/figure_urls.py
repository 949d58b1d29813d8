"""The addresses of a class's figures, for `classroom.urls`."""

from django.urls import path

from classroom import figure_views as views

CLASS = "<public_id:cohort_id>/"
LEARNER = f"{CLASS}learners/<public_id:code>/"

FIGURES = [
    path(f"{CLASS}figures/", views.dashboard, name="figures"),
    path(f"{CLASS}figures/cases/", views.case_list, name="items"),
    path(f"{CLASS}figures/cases/<public_id:case_id>/", views.item, name="item"),
    path(f"{CLASS}figures/cases/<public_id:case_id>/leave-out/", views.leave_out, name="leave_out"),
    path(f"{CLASS}discuss/<public_id:case_id>/", views.discuss, name="discuss"),
    path(f"{CLASS}export/<slug:table>/<slug:form>/", views.export, name="export"),
    path(LEARNER, views.learner, name="learner"),
    path(f"{LEARNER}attempts/<uuid:attempt_id>/", views.attempt, name="learner_attempt"),
    path(f"{LEARNER}attempts/<uuid:attempt_id>/comment/", views.comment, name="comment"),
    path("comments/<uuid:attempt_id>/seen/", views.comments_seen, name="comments_seen"),
]
