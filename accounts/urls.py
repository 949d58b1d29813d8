from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from accounts import oidc_views, step_views, views
from accounts.mail import needs_mail

app_name = "accounts"
urlpatterns = [
    path("login/", views.LogIn.as_view(), name="login"),
    path("login/code/", step_views.ask, name="second_step_ask"),
    path("school/", oidc_views.begin, name="oidc"),
    path("school/back/", oidc_views.back, name="oidc_back"),
    path("school/connect/", oidc_views.connect, name="oidc_connect"),
    path("school/disconnect/", oidc_views.disconnect, name="oidc_disconnect"),
    path("second-step/", step_views.own, name="second_step"),
    path("second-step/change/", step_views.change, name="second_step_change"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("sign-up/", views.sign_up, name="sign_up"),
    path(
        "password/",
        auth.PasswordChangeView.as_view(
            template_name="accounts/password.html",
            success_url=reverse_lazy("accounts:password_done"),
        ),
        name="password",
    ),
    path(
        "password/done/",
        auth.PasswordChangeDoneView.as_view(template_name="accounts/password_done.html"),
        name="password_done",
    ),
    path("", views.own, name="own"),
    path("address/", views.address, name="address"),
    path("address/<str:key>/", views.verify, name="verify"),
    path("export/", views.export, name="export"),
    path("erase/", views.erase, name="erase"),
    path(
        "forgotten/",
        needs_mail(
            auth.PasswordResetView.as_view(
                template_name="accounts/forgotten.html",
                email_template_name="accounts/letter.txt",
                subject_template_name="accounts/letter_subject.txt",
                success_url=reverse_lazy("accounts:forgotten_sent"),
            )
        ),
        name="forgotten",
    ),
    path(
        "forgotten/sent/",
        needs_mail(
            auth.PasswordResetDoneView.as_view(template_name="accounts/forgotten_sent.html")
        ),
        name="forgotten_sent",
    ),
    path(
        "forgotten/<uidb64>/<token>/",
        needs_mail(
            views.NewPasswordByLetter.as_view(
                template_name="accounts/new_password.html",
                success_url=reverse_lazy("accounts:new_password_done"),
            )
        ),
        name="new_password",
    ),
    path(
        "forgotten/done/",
        needs_mail(
            auth.PasswordResetCompleteView.as_view(template_name="accounts/new_password_done.html")
        ),
        name="new_password_done",
    ),
]
