"""Model factories for tests."""

from __future__ import annotations

import io
import uuid
from functools import cache

import factory
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from PIL import Image as Picture

from accounts.models import User
from cases.models import Case, Dataset, Finding, Image, ReferenceReport, Region
from classroom import assigning
from classroom.models import Assignment, Cohort
from classroom.services import enroll


def png(width: int = 64, height: int = 64, value: int = 120) -> bytes:
    """A plain gray 8-bit PNG."""
    stream = io.BytesIO()
    Picture.new("L", (width, height), value).save(stream, "PNG")
    return stream.getvalue()


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    password = factory.Transformer("a long test password", transform=cache(make_password))


class DatasetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Dataset
        django_get_or_create = ("slug",)

    slug = "test-set"
    title = "Test set"
    attribution = "Made for tests."


class CaseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Case

    dataset = factory.SubFactory(DatasetFactory)
    source_key = factory.LazyFunction(lambda: uuid.uuid4().hex)
    status = Case.Status.PUBLISHED
    age = 60
    sex = "F"


class ImageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Image

    case = factory.SubFactory(CaseFactory)
    position = factory.LazyAttribute(lambda image: image.case.images.count())
    view = Image.View.PA
    orientation = "LF"
    source_name = "source.png"
    source_sha256 = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    source_width = source_height = width = height = 64
    window_center = 128
    window_width = 256
    rendition = factory.LazyFunction(lambda: ContentFile(png(), "0000.png"))
    thumbnail = factory.LazyFunction(lambda: ContentFile(png(16, 16), "thumb.png"))


class FindingFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Finding

    case = factory.SubFactory(CaseFactory)
    label = "nodule_mass"
    significance = "actionable"


class RegionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Region

    finding = factory.SubFactory(FindingFactory)
    image = factory.LazyAttribute(lambda region: region.finding.case.images.first())
    reader = "1"
    x0, y0, x1, y1 = 0.6, 0.2, 0.7, 0.3


class ReportFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReferenceReport

    case = factory.SubFactory(CaseFactory)
    findings = "The lungs are clear."


class CohortFactory(factory.django.DjangoModelFactory):
    """A class; `instructors=[…]` and `learners=[…]` put accounts into it."""

    class Meta:
        model = Cohort
        skip_postgeneration_save = True

    name = "Chest radiographs"

    @factory.post_generation
    def instructors(self, create, extracted, **kwargs):
        self.instructors.add(*(extracted or []))

    @factory.post_generation
    def learners(self, create, extracted, **kwargs):
        for user in extracted or []:
            enroll(self, user)


class AssignmentFactory(factory.django.DjangoModelFactory):
    """A draft of practice in Localize; `cases=[…]` gives it cases, `publish=True` deals it."""

    class Meta:
        model = Assignment
        skip_postgeneration_save = True

    cohort = factory.SubFactory(CohortFactory)
    title = "Week 1"
    kind = "localize"
    rule = "standard"

    @factory.post_generation
    def cases(self, create, extracted, **kwargs):
        assigning.set_cases(self, extracted or [])

    @factory.post_generation
    def publish(self, create, extracted, **kwargs):
        if extracted:
            assigning.publish(self)
