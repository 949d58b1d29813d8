from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm

from accounts import addresses
from accounts.models import User


class LogInForm(AuthenticationForm):
    """Name and password; who signed up and has not proved the address yet is told to."""

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        if addresses.must_prove(user):
            raise forms.ValidationError(
                "Open the link in the letter that was sent to your address first. If it is lost or "
                "too old, have a link for a new password sent: that proves the address too."
            )


class SignUpForm(UserCreationForm):
    """A new trainee: a name to log in with and a password; nothing else is asked."""

    class Meta:
        model = User
        fields = ("username",)

    def save(self, commit: bool = True) -> User:
        self.instance.is_guest = True  # nobody has said yet that they belong here
        return super().save(commit)


class AddressedSignUpForm(SignUpForm):
    """The same where mail can be sent: with an address, to be proved before the first log-in."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="A letter with a link goes there; you log in once you opened it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("username", "email")


class CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class OwnPasswordForm(forms.ModelForm):
    """A form that asks for the password again, for what takes more than an open window.

    Who logs in by their school alone has none, and is not asked.
    """

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not self.instance.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password


class EnrollForm(OwnPasswordForm):
    """That an authenticator app is to be asked for from now on: its code, and the password."""

    code = forms.CharField(
        label="Code that the app shows",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    field_order = ("code", "password")

    class Meta:
        model = User
        fields = ()


class AddressForm(OwnPasswordForm):
    """Where a letter about a forgotten password goes: who can change it can take the account."""

    class Meta:
        model = User
        fields = ("email",)
        help_texts = {"email": "Left empty, your instructor gives you a new password."}


class EraseForm(OwnPasswordForm):
    """That an account is to be erased: its name typed out, and its password."""

    typed = forms.CharField(
        label="Your name here, typed out",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    field_order = ("typed", "password")

    class Meta:
        model = User
        fields = ()

    def clean_typed(self) -> str:
        if self.cleaned_data["typed"] != self.instance.get_username():
            raise forms.ValidationError("This is not the name you log in with.")
        return self.instance.get_username()
