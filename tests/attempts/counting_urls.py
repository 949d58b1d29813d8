"""The project's addresses, and those of a game that only tests have (`test_a_third_game`)."""

from django.urls import include, path

from attempts.urls import game_urls
from radgame.urls import urlpatterns as project
from tests.attempts.counting import PAGES

urlpatterns = [path("counting/", include((game_urls(PAGES), "counting"))), *project]
