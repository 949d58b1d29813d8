"""Cases in the administration: what a curator changes there goes through the services."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now

from accounts.models import User
from cases import services
from cases.models import Case, Dataset, Finding, Image, ReferenceReport, Region
from cases.truth import CannotPublish
from ml import taxonomy

DERIVED = ("version", "has_truth_boxes", "waits_because", "edited_at", "edited_by", "page")


SIDES = {"": "None, or not known", "left": "Left", "right": "Right", "bilateral": "Both sides"}


class FindingForm(forms.ModelForm):
    """A finding with a label of the taxonomy and a side that scoring knows; its usual significance
    where none is chosen.
    """

    side = forms.ChoiceField(choices=[*SIDES.items()], required=False)

    significance = forms.ChoiceField(
        choices=[("", "As usual for the label"), *Finding.Significance.choices], required=False
    )

    class Meta:
        model = Finding
        fields = ("label", "side", "location", "severity", "significance", "position", "sentence")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.side not in SIDES:  # as its source has it
            as_it_is = (self.instance.side, self.instance.side)
            side = cast("forms.ChoiceField", self.fields["side"])
            side.choices = [*SIDES.items(), as_it_is]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        label = taxonomy.labels().get(data.get("label", ""))
        if label and not data.get("significance"):
            data["significance"] = label.default_significance
        return data


class FindingInline(admin.TabularInline):
    model = Finding
    form = FindingForm
    extra = 0
    fields = (*FindingForm.Meta.fields, "boxes")
    readonly_fields = ("boxes",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        return super().get_queryset(request).prefetch_related("regions__image")

    @admin.display(description="Places (boxes x0, y0, x1, y1; tips x, y; in parts of the image)")
    def boxes(self, finding: Finding) -> SafeString | str:
        if finding.pk is None:
            return "–"
        rows = ((_place(region),) for region in finding.regions.all())
        return format_html_join("", "<div>{}</div>", rows) or "none: to be named only"


def _place(region: Region) -> str:
    sides = ", ".join(f"{side:.3f}" for side in region.tip or region.box)
    kind = "" if region.shape == Region.Shape.BOX else f" {region.get_shape_display().lower()}"
    frame = f", frame {region.frame + 1}" if region.image.frames > 1 else ""
    whose = " (another reader's)" if region.alternate else ""
    return f"image {region.image.position + 1}{frame}:{kind} {sides}{whose}"


class ImageInline(admin.TabularInline):
    model = Image
    extra = 0
    fields = ("position", "view", "study", "study_label")
    readonly_fields = ("position",)
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Case | None = None) -> bool:
        return False  # images come by import, with their files


class ReportInline(admin.StackedInline):
    model = ReferenceReport
    extra = 0


class DatasetForm(forms.ModelForm):
    """A data set; one whose license forbids it is opened only with a confirmation."""

    confirm = forms.BooleanField(
        required=False,
        label="I confirm that an agreement allows to show it to everybody who signs up",
        help_text="Asked for where an open data set's license seems to forbid that",
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        self.instance.take_license(said.get("licence") or "")
        is_open = said.get("access") == Dataset.Access.OPEN
        if is_open and not self.instance.may_be_open and not said.get("confirm"):
            self.add_error(
                "access",
                f"Its license ({self.instance.licence}) seems to forbid that everybody sees it: "
                "choose another access, or confirm below that an agreement allows it.",
            )
        return said


@admin.register(Dataset)
class DatasetAdmin(admin.ModelAdmin):
    form = DatasetForm
    readonly_fields = ("terms_confirmed_by", "terms_confirmed_at")
    list_display = ("title", "slug", "access", "needs_second_reading", "simulated")

    def save_model(self, request: HttpRequest, obj: Dataset, form: Any, change: bool) -> None:
        if form.cleaned_data.get("confirm"):
            obj.terms_confirmed_by, obj.terms_confirmed_at = cast("User", request.user), now()
        super().save_model(request, obj, form, change)


@admin.register(Case)
class CaseAdmin(admin.ModelAdmin):
    list_display = ("public_id", "dataset", "source_key", "status", "version", "edited_by")
    list_filter = ("status", "dataset")
    list_select_related = ("dataset", "edited_by")
    search_fields = ("source_key", "public_id")
    fields = (
        *("dataset", "source_key", "status", "age", "sex", "indication", "comparison"),
        *DERIVED,
    )
    inlines = [ImageInline, FindingInline, ReportInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Case | None = None) -> tuple[str, ...]:
        # By these two an import knows the case again.
        return DERIVED if obj is None else ("dataset", "source_key", *DERIVED)

    @admin.display(description="Waits because")
    def waits_because(self, case: Case) -> SafeString | str:
        rows = ((reason,) for reason in case.review_reasons)
        return format_html_join("", "<div>{}</div>", rows) or "–"

    @admin.display(description="With its images and boxes")
    def page(self, case: Case) -> SafeString | str:
        if case.pk is None:
            return "–"
        address = reverse("cases:detail", args=[case.public_id])
        return format_html('<a href="{}">the case page</a>', address)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; what it changes is a correction by whoever sends it."""
        show = super().changeform_view
        if request.method != "POST" or object_id is None:
            return show(request, object_id, form_url, extra_context)
        case = self.get_object(request, unquote(object_id))
        if case is None or not self.has_change_permission(request, case):
            return show(request, object_id, form_url, extra_context)
        try:
            by = cast("User", request.user)
            with services.correcting(case=case, by=by, why="In the administration"):
                return show(request, object_id, form_url, extra_context)
        except CannotPublish as problem:
            self.message_user(request, f"Nothing was saved. {problem}", messages.ERROR)
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Case, form: Any, change: bool) -> None:
        """All but the status, which is for the services to set once the findings are saved."""
        obj.status = form.initial["status"] if change else Case.Status.DRAFT
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        case, status = form.instance, form.cleaned_data["status"]
        if not change:
            services.keep_as_corrected(case=case, by=cast("User", request.user))
        if case.status != status:
            services.set_status(case=case, status=status, by=cast("User", request.user))
