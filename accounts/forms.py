from django.contrib.auth.forms import UserCreationForm

from accounts.models import User


class SignUpForm(UserCreationForm):
    """A new trainee: a name to log in with and a password; nothing else is asked."""

    class Meta:
        model = User
        fields = ("username",)
