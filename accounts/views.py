"""Sign up; a person's own account: password, address, what is kept of them, and its end."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import addresses, backends, identities, personal, second_step
from accounts.forms import AddressedSignUpForm, AddressForm, EraseForm, LogInForm, SignUpForm
from accounts.mail import can_send, needs_mail
from accounts.models import User
from accounts.requests import UserRequest
from accounts.services import let_in_again

NOT_SENT = "The letter could not be sent, and nothing was kept. Try again in a few minutes."


class LogIn(LoginView):
    """Name and password; then a code, of who has a second step."""

    template_name = "accounts/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        return second_step.let_in(self.request, form.get_user(), self.get_success_url())


@login_not_required
def sign_up(request: HttpRequest) -> HttpResponse:
    if not settings.SIGNUP_OPEN:
        raise Http404("Sign-up is closed.")
    if can_send():
        return _sign_up_by_letter(request)
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        login(request, user, backend=backends.PATH)
        return redirect("home")
    return render(request, "accounts/sign_up.html", {"form": form})


def _sign_up_by_letter(request: HttpRequest) -> HttpResponse:
    """Make an account that can be logged in to once its address is proved.

    Who gives somebody's proved address gets the same answer, and that person a letter.
    """
    form = AddressedSignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = form.cleaned_data["email"]
        user = form.save(commit=False)
        try:
            if owner := addresses.owner_of(address):
                addresses.send_taken(request, address, owner)
            else:
                with transaction.atomic():
                    user.save()
                    if row := addresses.give(user, address):
                        addresses.send_proof(request, row)
        except addresses.NOT_SENT:
            form.add_error(None, NOT_SENT)
        else:
            return render(request, "accounts/sign_up_sent.html")
    return render(request, "accounts/sign_up.html", {"form": form})


@never_cache
@needs_mail
def address(request: HttpRequest) -> HttpResponse:
    """The e-mail address that a letter about a forgotten password goes to."""
    own = get_object_or_404(User, pk=request.user.pk)
    form = AddressForm(request.POST or None, instance=own)
    if request.method == "POST" and form.is_valid():
        try:
            told = _kept_address(request, own, form.cleaned_data["email"])
        except addresses.NOT_SENT:
            form.add_error(None, NOT_SENT)
        else:
            messages.success(request, told)
            return redirect("accounts:address")
    context = {"form": form, "is_proved": addresses.is_proved(own)}
    return render(request, "accounts/address.html", context)


@transaction.atomic
def _kept_address(request: HttpRequest, own: User, address: str) -> str:
    """Keep it and send the letter that proves it; what to say of it."""
    owner = addresses.owner_of(address) if address else None
    if owner is not None and owner != own:
        addresses.send_taken(request, address, owner)
        return "A letter is on its way. Open the link in it."
    row = addresses.give(own, address)
    if row is None:
        return "No address is kept."
    if row.verified:
        return "Your address is kept."
    addresses.send_proof(request, row)
    return "Your address is kept. A letter is on its way. Open the link in it."


@never_cache
@login_not_required
@needs_mail
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest, key: str) -> HttpResponse:
    """The page that a letter about an address leads to; a button, as mail scanners open links."""
    if request.method == "GET":
        return render(request, "accounts/verify.html")
    user = addresses.prove(key)
    if user is None:
        return render(request, "accounts/verify_over.html", status=410)
    messages.success(request, "Your address is proved.")
    return redirect("accounts:address" if request.user == user else "accounts:login")


@never_cache
@require_GET
def own(request: UserRequest) -> HttpResponse:
    """One's own account: what can be changed of it, what is kept and for how long."""
    keep = {
        "session_days": settings.SESSION_DAYS,
        "draft_days": settings.KEEP_DRAFTS_DAYS,
        "log_days": settings.KEEP_LOGS_DAYS,
        "account_days": settings.KEEP_ACCOUNTS_DAYS if request.user.is_only_trainee else 0,
    }
    context = {
        "keep": keep,
        "has_password": request.user.has_usable_password(),
        "may_have_step": second_step.may_have(request.user),
        "step_is_on": second_step.is_on(request.user),
        "is_connected": settings.OIDC_ENABLED and identities.is_connected(request.user),
    }
    return render(request, "accounts/own.html", context)


@never_cache
@require_POST
def export(request: UserRequest) -> HttpResponse:
    """All that is kept of who asks, as a ZIP archive of JSON files."""
    name = personal.file_name(request.user)
    return HttpResponse(
        personal.export(request.user),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@never_cache
@require_http_methods(["GET", "POST"])
def erase(request: UserRequest) -> HttpResponse:
    """A trainee erases their own account, by their name and password."""
    if not request.user.is_only_trainee:
        raise PermissionDenied(
            "Others' work may hang on your account: whoever runs this server erases it."
        )
    own = get_object_or_404(User, pk=request.user.pk)
    form = EraseForm(request.POST or None, instance=own)
    if request.method == "POST" and form.is_valid():
        try:
            personal.erase(own)
        except personal.CannotErase as error:
            form.add_error(None, str(error))
        else:
            logout(request)
            messages.success(request, "Your account and all that was kept of you is erased.")
            return redirect("accounts:login")
    return render(request, "accounts/erase.html", {"form": form})


class NewPasswordByLetter(PasswordResetConfirmView):
    """The page that the letter leads to."""

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        let_in_again(form.user)
        addresses.proved_by_letter(form.user)
        return super().form_valid(form)
