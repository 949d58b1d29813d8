from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401  # all three register what is unregistered here
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts import personal, second_step
from accounts.models import User
from accounts.permissions import may_govern

# allauth's rows hold secrets, or are changed by who they belong to.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)
admin.site.unregister(Group)

GIVE_RIGHTS = ("role", "is_staff", "is_superuser", "groups", "user_permissions")
"""Fields of an account that superusers alone set."""


@never_cache
def log_in(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    """The administration has no door of its own: the log-in page asks for the second step too."""
    if request.user.is_authenticated:
        raise PermissionDenied("The administration is for staff.")
    wanted = request.GET.get("next") or reverse("admin:index")
    return redirect(f"{reverse('accounts:login')}?{urlencode({'next': wanted})}")


log_in.login_required = False  # type: ignore[attr-defined]
admin.site.login = log_in  # type: ignore[method-assign, assignment]


@admin.register(Group)
class RightsOfGroups(GroupAdmin):
    """Superusers alone give rights: who could change a group might be in it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return cast("User", request.user).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return cast("User", request.user).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return cast("User", request.user).is_superuser


@admin.register(User)
class RoleUserAdmin(UserAdmin):
    list_display = ("username", "role", "is_guest", "is_active", "last_login")
    list_filter = ("role", "is_guest", "is_active")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("RadGame", {"fields": ("role", "is_guest")}))
    add_fieldsets = (*UserAdmin.add_fieldsets, ("RadGame", {"fields": ("role", "is_guest")}))
    actions = ("take_second_step_off",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Nobody but a superuser raises anybody, themselves or a new account included."""
        given = super().get_readonly_fields(request, obj)
        return given if cast("User", request.user).is_superuser else (*given, *GIVE_RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _governs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _governs(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Accounts are erased one at a time."""
        found = super().get_actions(request)
        return {name: action for name, action in found.items() if name != "delete_selected"}

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """What hangs on an account goes with it, which is not so of its rows by themselves."""
        hanging, counts, _, protected = super().get_deleted_objects(objs, request)
        return hanging, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        personal.erase(obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except personal.CannotErase as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return redirect("admin:accounts_user_change", object_id)

    @admin.action(description="Take the second step off (lost device)", permissions=["change"])
    def take_second_step_off(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For who lost their device and the recovery codes; the administration's log keeps it."""
        took = [user for user in queryset if _governs(request, user) and second_step.turn_off(user)]
        for user in took:
            self.log_change(request, user, "Second step taken off.")
        messages.success(request, f"The second step was taken off {len(took)} accounts.")


def _governs(request: HttpRequest, account: User | None) -> bool:
    return account is None or may_govern(cast("User", request.user), account)
