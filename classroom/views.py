"""Pages of classes: making them, who is in them, inviting and joining."""

from __future__ import annotations

import csv
import io

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import backends
from accounts.forms import SignUpForm
from accounts.mail import can_send
from accounts.models import Role, User
from accounts.permissions import role_required
from accounts.qr import as_svg
from accounts.requests import UserRequest
from accounts.services import create_trainees, give_new_password
from classroom import access, exports, inviting, leaderboard, queries, seen, services
from classroom.comparing import LEAST_MEMBERS, comparing
from classroom.forms import CohortForm, JoinForm, LinkForm
from classroom.models import Cohort, Invitation, Membership, WorkView
from classroom.permissions import own_class, taught
from classroom.problems import Refused
from classroom.signals import wrong_code
from classroom.work import work_of

MOST_CODES = 200
VIEWS_SHOWN = 200


@never_cache
@require_GET
def classes(request: UserRequest) -> HttpResponse:
    """The classes that the user teaches, and those they learn in."""
    context = {
        "may_teach": access.may_teach(request.user),
        "taught": queries.classes_of(request.user),
        "memberships": queries.memberships_of(request.user),
        "invited": queries.invitations_for(request.user),
    }
    return render(request, "classroom/classes.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.INSTRUCTOR)
def create(request: UserRequest) -> HttpResponse:
    form = CohortForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = services.create_cohort(request.user, **form.cleaned_data)
        messages.success(request, f"The class “{made.name}” is made. Now let learners in.")
        return redirect("classroom:invitations", made.public_id)
    return render(request, "classroom/settings.html", {"form": form, "cohort": None})


@never_cache
@require_GET
@own_class
def cohort(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """The page of a class, for those who teach it and those who learn in it."""
    if access.teaches(request.user, cohort):
        context = {
            "cohort": cohort,
            "rows": queries.member_rows(cohort),
            "assignments": queries.assignments_of(cohort),
            "instructors": cohort.instructors.order_by("username"),
            "board": leaderboard.board(cohort, request.user),
        }
        return render(request, "classroom/cohort.html", context)
    membership = cohort.memberships.get(user=request.user)
    context = {
        "cohort": cohort,
        "membership": membership,
        "board": leaderboard.board(cohort, request.user) if membership.ranks else None,
        "instructors": cohort.instructors.order_by("username"),
        "work": work_of(request.user, cohort),
        "comparing": comparing(cohort),
        "least": LEAST_MEMBERS,
    }
    return render(request, "classroom/my_class.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@taught
def edit(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """Name, time zone, pseudonyms, consent; who teaches it; archive."""
    form = CohortForm(request.POST or None, instance=Cohort.objects.get(pk=cohort.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The class is changed.")
        return redirect("classroom:cohort", cohort.public_id)
    context = {
        "cohort": cohort,
        "form": form,
        "instructors": cohort.instructors.order_by("username"),
    }
    return render(request, "classroom/settings.html", context)


@require_POST
@taught
def archive(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """Archive the class, or open it again."""
    if cohort.is_archived:
        services.restore(cohort)
        messages.success(request, "The class is open again.")
    else:
        services.archive(cohort)
        messages.success(request, "The class is archived: it can be looked at, and nothing more.")
    return redirect("classroom:cohort", cohort.public_id)


@require_POST
@taught
def instructors(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """Add an instructor by name, or take one off."""
    name = request.POST.get("name", "").replace("\0", "").strip()
    removes = "remove" in request.POST
    user = User.objects.filter(username=name).first()
    try:
        if user is None:
            raise Refused(f"There is no instructor called “{name:.150}”.")
        if removes:
            services.remove_instructor(cohort, user)
            messages.success(request, f"{name} does not teach this class any more.")
        else:
            services.add_instructor(cohort, user)
            messages.success(request, f"{name} teaches this class too.")
    except Refused as problem:
        messages.error(request, str(problem))
    if not access.teaches(request.user, cohort):
        return redirect("classroom:classes")
    return redirect("classroom:edit", cohort.public_id)


def _join_base(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("classroom:code"))


@never_cache
@require_http_methods(["GET", "POST"])
@taught
def invitations(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """The link with its code and square, addresses, and a sheet of codes."""
    form, listed, text = LinkForm(), None, ""
    if request.method == "POST" and not cohort.is_archived:
        listed, text, form = _invite(request, cohort)
        if listed is None and not text and not form.errors:
            return redirect("classroom:invitations", cohort.public_id)
    link = queries.current_link(cohort)
    address = f"{_join_base(request)}{link.code}/" if link else ""
    context = {
        "cohort": cohort,
        "form": form,
        "link": link,
        "address": address,
        "square": as_svg(address, f"Join {cohort.name}") if link else "",
        "listed": listed,
        "text": text,
        "personal": queries.personal_invitations(cohort),
        "can_send": can_send(),
    }
    return render(request, "classroom/invitations.html", context)


def _invite(request: UserRequest, cohort: Cohort) -> tuple[inviting.Invited | None, str, LinkForm]:
    """Do what was asked on the page of invitations: the outcome of a list, the list where it was
    refused, and the form of the link.
    """
    asked, form = request.POST.get("do", ""), LinkForm()
    if asked == "link":
        form = LinkForm(request.POST)
        if form.is_valid():
            days, places = form.cleaned_data["days"], form.cleaned_data["places"]
            services.invite_by_link(cohort, request.user, places=places, days=days)
            messages.success(request, "There is a new link; the one before does not work any more.")
    elif asked == "close":
        services.revoke_links(cohort)
        messages.success(request, "The link is taken back: nobody joins by it.")
    elif asked == "revoke":
        services.revoke(cohort, request.POST.get("code", "").replace("\0", ""))
        messages.success(request, "The invitation is taken back.")
    elif asked == "codes":
        count = request.POST.get("count", "")
        if not count.isdecimal() or len(count) > 9 or not 1 <= int(count) <= MOST_CODES:
            messages.error(request, f"How many codes: a number from 1 to {MOST_CODES}.")
        else:
            services.invite_persons(cohort, request.user, int(count))
            messages.success(request, f"{count} codes are made: print the sheet.")
    elif asked == "send":
        inviting.send_soon(queries.personal_invitations(cohort), _join_base(request))
        messages.success(request, "The letters are on their way.")
    elif asked == "addresses":
        file, text = request.FILES.get("file"), request.POST.get("addresses", "")
        try:
            text = inviting.read_list(file.read()) if file else text.replace("\0", "")
            base = _join_base(request)
            return inviting.invite_addresses(cohort, request.user, text, base), "", form
        except Refused as problem:
            messages.error(request, str(problem))
            return None, text, form
    return None, "", form


@never_cache
@require_GET
@taught
def sheet(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """Codes that let one person in each, to be printed and cut."""
    base = _join_base(request)
    unused = [one for one in queries.personal_invitations(cohort) if not one.refusal]
    codes = [(one, as_svg(f"{base}{one.code}/", f"Join by {one.code}")) for one in unused]
    context = {"cohort": cohort, "codes": codes, "base": base}
    return render(request, "classroom/sheet.html", context)


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Type a code."""
    typed = request.POST.get("code", "").replace("\0", "")
    found = queries.invitation_by(typed) if typed else None
    if found:
        return redirect("classroom:join", found.code)
    if typed:
        wrong_code.send(sender=Invitation, request=request)
    return render(request, "classroom/code.html", {"typed": typed})


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Join a class by an invitation, with an account or by making one."""
    invitation = queries.invitation_by(code.replace("\0", ""))
    if invitation is None:
        wrong_code.send(sender=Invitation, request=request)
        return render(request, "classroom/code.html", {"typed": code}, status=404)
    cohort = invitation.cohort
    user = request.user if request.user.is_authenticated else None
    if user and access.learns_in(user, cohort):
        messages.info(request, f"You are in the class “{cohort.name}” already.")
        return redirect("classroom:cohort", cohort.public_id)
    if invitation.refusal:
        return render(request, "classroom/over.html", {"invitation": invitation}, status=410)
    sends = request.method == "POST"
    account = None if user else SignUpForm(request.POST if sends else None, prefix="new")
    form = JoinForm(request.POST if sends else None, initial={"consent": cohort.consent})
    if sends and form.is_valid() and (account is None or account.is_valid()):
        try:
            member = services.join_with(user, account, invitation, form.cleaned_data)
        except Refused as problem:
            messages.error(request, str(problem))
            return redirect("classroom:join", invitation.code)
        if user is None:
            login(request, member.user, backend=backends.PATH)
        messages.success(request, f"You are in the class “{cohort.name}” now.")
        return redirect("classroom:cohort", cohort.public_id)
    context = {"invitation": invitation, "cohort": cohort, "form": form, "account": account}
    return render(request, "classroom/join.html", context)


@require_POST
def decline(request: UserRequest, code: str) -> HttpResponse:
    """Say no to an invitation that was made for the user."""
    found = queries.invitations_for(request.user).filter(code=code).first()
    if found is None:
        raise Http404("There is no such invitation of yours.")
    services.decline(found)
    return redirect("classroom:classes")


@never_cache
@require_http_methods(["GET", "POST"])
@taught
def add_members(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """Make accounts for learners of the class, one name a line; the passwords are shown once.

    A name that has an account already is asked instead: nobody is put into a class unasked.
    """
    made, asked = None, []
    if request.method == "POST" and not cohort.is_archived:
        names = request.POST.get("names", "").replace("\0", "").splitlines()
        asked = services.ask_by_name(cohort, request.user, names)
        made = create_trainees(name for name in names if name.strip() not in asked)
        for user in User.objects.filter(username__in=made.passwords):
            services.enroll(cohort, user)
    context = {"cohort": cohort, "made": made, "asked": asked}
    return render(request, "classroom/add_members.html", context)


def _membership_or_404(cohort: Cohort, code: str) -> Membership:
    found = access.members(cohort).filter(code=code).first()
    if found is None:
        raise Http404("There is no such learner in this class.")
    return found


@never_cache
@require_http_methods(["GET", "POST"])
@taught
def member(request: UserRequest, cohort: Cohort, code: str) -> HttpResponse:
    """One learner's place in the class: training, and taking them off."""
    membership = _membership_or_404(cohort, code)
    if request.method == "POST" and "remove" in request.POST:
        services.leave(membership)
        messages.success(request, f"{membership.name} is not in the class any more.")
        return redirect("classroom:cohort", cohort.public_id)
    if request.method == "POST":
        training = request.POST.get("training", "")
        if training not in Membership.Training.values:
            messages.error(request, "There is no such training.")
        else:
            services.set_training(membership, training)
            messages.success(request, "The training is kept.")
        return redirect("classroom:member", cohort.public_id, code)
    context = {
        "cohort": cohort,
        "membership": membership,
        "trainings": Membership.Training.choices,
        "may_reset": access.may_set_password(request.user, membership),
    }
    return render(request, "classroom/member.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@taught
def password(request: UserRequest, cohort: Cohort, code: str) -> HttpResponse:
    """Give a learner who forgot theirs a new password, shown once."""
    membership = _membership_or_404(cohort, code)
    if not access.may_set_password(request.user, membership):
        raise Http404(
            "You cannot set this password: it is not a learner's, or the learner is in a class too "
            "that you do not teach. An administrator can."
        )
    made = give_new_password(membership.user) if request.method == "POST" else ""
    context = {"cohort": cohort, "membership": membership, "password": made}
    return render(request, "classroom/password.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@taught
def key(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """The key of codes and names of a pseudonymous class: each line can be downloaded once."""
    if not cohort.is_pseudonymous:
        raise Http404("This class shows names: it has no key.")
    if request.method != "POST":
        left = cohort.memberships.filter(key_taken_at__isnull=True).count()
        context = {"cohort": cohort, "left": left, "learners": cohort.memberships.exists()}
        return render(request, "classroom/key.html", context)
    taken = services.take_key(cohort)
    learners = [membership.user_id for membership in taken]
    seen.note_views(request.user, learners, WorkView.What.KEY, cohort=cohort)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["code", "name", "email"])
    for one in taken:
        named = (one.code, one.user.get_username(), one.user.email)
        writer.writerow([exports.harmless(cell) for cell in named])
    headers = {"Content-Disposition": 'attachment; filename="key.csv"'}
    return HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
@own_class
def compare(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """Choose to see the class's median beside one's own figures and to enter it, or not."""
    own = cohort.memberships.filter(user=request.user, left_at__isnull=True).first()
    if own is None:
        raise Http404("You do not learn in this class.")
    services.set_compares(own, "compares" in request.POST)
    messages.success(
        request,
        "You compare: the class’s median stands on your page of progress, and you enter it."
        if own.compares
        else "You do not compare any more, and enter no median.",
    )
    return redirect("classroom:cohort", cohort.public_id)


@require_POST
@own_class
def rank(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """Choose to be on the class's leaderboard, and to see it, or not."""
    own = cohort.memberships.filter(user=request.user, left_at__isnull=True).first()
    if own is None or not cohort.has_leaderboard:
        raise Http404("There is no leaderboard for you in this class.")
    services.set_ranks(own, "ranks" in request.POST)
    messages.success(
        request,
        f"You are on the leaderboard as {own.code}."
        if own.ranks
        else "You are on the leaderboard no more.",
    )
    return redirect("classroom:cohort", cohort.public_id)


@require_POST
@own_class
def leave(request: UserRequest, cohort: Cohort) -> HttpResponse:
    found = cohort.memberships.filter(user=request.user, left_at__isnull=True).first()
    if found is None:
        raise Http404("You do not learn in this class.")
    services.leave(found)
    messages.success(request, f"You left the class “{cohort.name}”.")
    return redirect("classroom:classes")


@never_cache
@require_GET
def seen_by(request: UserRequest) -> HttpResponse:
    """Who looked at the user's work."""
    found = seen.views_of(request.user)[:VIEWS_SHOWN]
    return render(request, "classroom/seen_by.html", {"views": found, "most": VIEWS_SHOWN})
